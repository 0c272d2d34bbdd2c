"""How the model is proven: fits to filings, forecasts of the past, other people's models, pages.

What enters is the model (``jcurve``), its reported facts and the tables in ``data/evidence`` that
say what it is held against; what leaves are the exhibits of the validation and the peer report and
the generated pages of ``docs/``. The rooms, from the ground up: ``fits`` finds parameters,
``comparisons`` holds the model against others, ``backtesting`` runs it as of an earlier day,
``exhibits`` shows all of it, ``pages`` writes ``docs/``. Start reading at ``exhibits.validation``:
each exhibit names the study that it shows.

>>> from jcurve_studies.comparisons.published_models import sequoia_revenue
>>> sequoia_revenue(150.0)  # USD bn of chips a year, at half of cost and a margin of half
600.0
"""
