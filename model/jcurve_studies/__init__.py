"""How the model is proven: fits to filings, forecasts of the past, other people's models, pages.

What enters is the model (``jcurve``), its reported facts and the tables in ``data/evidence`` that
say what it is held against; what leaves are exhibits of the validation and the peer report and
the generated pages of ``docs/``. The rooms, from the ground up: ``records`` reads the tables,
``fits`` finds parameters, ``backtesting`` runs the model as of an earlier day, ``comparisons``
holds it against others, ``exhibits`` shows all of it, ``pages`` writes ``docs/``.
"""
