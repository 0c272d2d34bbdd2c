"""The verdict on a run: from what it left behind, never from what it says of itself.

The executed notebook, ``results.json`` and how the process ended go in; a ``Verdict`` comes out,
with the results when it is *succeeded* and a reason of a closed list when it is not. Start reading
at ``judge``.

>>> from pathlib import Path
>>> from jcurve.ground.processes import Finished
>>> from jcurve_runs.verdict.judge import judge
>>> here, late = Path("staged"), Finished(-9, True, 60.0, "", "")
>>> judge(late, executed=here, outcome=here, results=here, expected={}).message
'not finished after 60 seconds; stopped'
"""
