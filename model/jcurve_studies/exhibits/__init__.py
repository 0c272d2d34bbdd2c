"""Charts and tables of the validation and the peer report, and of the pages that show them.

Cases and studies go in, exhibits come out: a notebook shows them, a page prints them as Markdown.
``validation`` holds the model against filings, ``backtests`` against its own past, ``published``
against others and history; ``peers`` shows other companies.

>>> from jcurve_studies.exhibits.published import every_answer
>>> every_answer().columns[2].label
'Printed'
"""
