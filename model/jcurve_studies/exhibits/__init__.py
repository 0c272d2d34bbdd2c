"""Charts and tables of the validation and the peer report, and of the pages that show them.

Cases and studies go in, exhibits come out: a notebook shows them, a page prints them as Markdown.
``validation`` holds the model against filings, ``backtests`` against its own past, ``published``
and ``elasticity`` against others; ``peers`` and ``peer_records`` show other companies.

>>> from jcurve_studies.exhibits.published import readings
>>> readings().columns[-1].label
'650 in it'
"""
