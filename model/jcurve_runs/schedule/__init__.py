"""What runs when: the schedule file, its clock, and one look at it (``tick``).

``reports/schedule.yml`` and the present time go in; batches, alarms, mails in the outbox and
``reports/status.json`` come out. ``schedules`` reads the file, ``check`` holds it against the
project, ``when`` knows the moments, ``occurrences`` decides who runs what. Start
reading at ``tick``.

>>> from jcurve_runs.schedule.when import Cron
>>> from datetime import datetime
>>> Cron.parse("0 7 * * mon", "here").walk(datetime(2026, 7, 30)).__next__()
datetime.datetime(2026, 8, 3, 7, 0)
"""
