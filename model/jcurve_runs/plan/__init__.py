"""What is asked for, checked while nothing is written yet.

A ``Request`` (report, scenario, overrides, how often to try …) goes in, a ``Plan`` comes out: the
notebook without anything of an earlier run, typed parameters, the scenario, and the edition that
it becomes if it succeeds. Start reading at ``request``; ``catalogue`` tells which reports exist.

>>> from jcurve_runs.plan.request import Request, Retry
>>> Request(report="risk_report", scenario="bear", retry=Retry(attempts=3)).retry.wait(2)
8.0
"""
