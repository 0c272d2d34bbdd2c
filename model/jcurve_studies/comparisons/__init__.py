"""The model beside guidance, consensus, history and other people's models.

A case or a row of it goes in with published figures; out come differences, each with a verdict or
a reason. ``cross_check`` takes guidance and consensus, ``response`` what history says of the
response to compute, ``published_models`` every printed answer of other people's models.

>>> from jcurve_studies.comparisons.published_models import jpm_requirement
>>> round(jpm_requirement(5_000.0, rate=0.10, years=15.0))  # USD bn a year
657
"""
