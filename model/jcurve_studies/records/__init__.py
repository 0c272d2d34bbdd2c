"""Tables that only studies read: what is fitted and to what, what others print, why a forecast
missed.

Files of ``data/`` go in, frozen records with their sources come out; a malformed row is refused
with file and line. ``calibration`` and ``outlay_tables`` read a company's folder, the
others the tables of ``data/evidence``.

>>> from jcurve_studies.records.printed_models import published_models
>>> published_models()["J.P. Morgan"].answer("Revenue needed")
650.0
"""
