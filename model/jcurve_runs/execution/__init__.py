"""How a report notebook is executed and rendered: papermill, in a process of its own.

There are two ways: ``Executor`` starts a process for each run, ``Warm`` forks each from a process
that has everything loaded; both leave the same bytes. Either works in a folder out of any reader's
sight (``staging``) and runs ``child``, which hands the notebook to papermill's engine
``jcurve`` (``engine``, ``client``). What a run writes is searched for secrets (``redaction``).
Start reading at ``executor``.

>>> from jcurve_runs.execution.redaction import secret_values
>>> sorted(secret_values({"API_TOKEN": "0123456789", "HOME": "/home/a"}))
['API_TOKEN']
"""
