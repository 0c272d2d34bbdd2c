"""Parameters fitted to filings, and companies that are seen through their outlays alone.

Parameters with the range that evidence allows each go in, with reported figures and how near each
should come; a ``Calibration`` comes out, the same every time. Start reading at ``fitting``, the one
search; ``depreciation`` and ``outlays`` say what is fitted of Meta and of its peers, ``companies``
puts a peer together, ``lives`` counts what changes of useful life move.

>>> from jcurve_studies.fits.companies import fiscal_years, peer
>>> fiscal_years(peer("MSFT"))[-1]  # its years end in June
'2026'
"""
