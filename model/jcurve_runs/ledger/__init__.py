"""What has happened and what is still to be told: one SQLite file that several processes share.

``store`` opens the file; ``attempts`` has a row for each attempt at a run and every step of it as
an event; ``outbox`` has the mails that those steps owe to somebody, entered in the transaction of
the step itself; ``locks`` tells which runner is alive. Start reading at ``attempts.Ledger``.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> from jcurve.ground.project import Project
>>> from jcurve_runs.ledger.attempts import Ledger
>>> with TemporaryDirectory() as folder, Ledger(Project(Path(folder))) as ledger:
...     ledger.attempts()
[]
"""
