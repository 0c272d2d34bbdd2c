"""What everything else stands on: errors, files, processes, the project and its provenance.

Nothing here knows the model. A mistake of the user's is an error of ``errors``, in one line;
``units`` and ``quarters`` are those of every table, assumption and line. Files are written whole or
not at all through ``files``, several as one through ``transaction``; other processes are started
through ``processes``; ``project`` says where data, notebooks and reports lie, ``provenance`` what
decides a number. Start reading at ``errors``:

    >>> from jcurve.ground.errors import UsageError
    >>> print(UsageError("no such view", where="--view", allowed="without, stopped"))
    --view: no such view; allowed: without, stopped
"""
