"""The verdict on a run: from what it left behind, never from what it says of itself.

The executed notebook, ``results.json`` and how the process ended go in; a ``Verdict`` comes out,
with the results when it is *succeeded* and a reason of a closed list when it is not. Start reading
at ``judge``.
"""
