"""From a plan to an edition: attempts, retries, batches, recovery, retention.

A ``Plan`` (or many requests) goes in; published editions and rows of the ledger come out. Whatever
kills a process, an edition is whole or absent, and what was owed for it is in the outbox. Start
reading at ``runs`` (one run, with its attempts; ``recover`` settles what a killed one left), then
``attempt`` (one attempt, step by step).

>>> from jcurve_runs.plan.request import Request
>>> from jcurve_runs.publishing.batch import every
>>> [each.scenario for each in every(["dashboard"], ["base", "bear"], Request())]
['base', 'bear']
"""
