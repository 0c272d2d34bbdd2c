"""The portal: a static site under ``reports/`` that needs no server and runs no script.

Editions and ``status.json`` go in, pages come out: the list of reports, the history of each
series, each edition, and what moved between it and the one before. Start reading at ``site``;
the pages are in ``templates``.

>>> from pathlib import Path
>>> from jcurve.ground.project import Project
>>> from jcurve_runs.portal.site import series_of
>>> series_of(Project(Path("nothing_published")))
[]
"""
