"""One call of the command: find the verb, let it answer, say how it ended."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from jcurve.commands import (
    facts_verbs,
    model_verbs,
    question_verbs,
    sensitivity_verb,
    simulate_verb,
)
from jcurve.commands.verb import Answer, Context, Verb, read_arguments, to_stderr
from jcurve.ground.errors import JCurveError, WriteError
from jcurve.ground.extensions import COMMANDS, extensions, not_installed

_BROKEN_PIPE = 141
_OWN = (model_verbs, facts_verbs, question_verbs, sensitivity_verb, simulate_verb)


def run(arguments: Sequence[str] | None) -> int:
    """Run one command; returns the exit status."""
    _open_streams()
    try:
        status = _carry_out(arguments)
        sys.stdout.flush()
        return status
    except JCurveError as error:
        to_stderr(str(error))
        return error.exit_status
    except ModuleNotFoundError as error:
        lacking = not_installed(error)
        if lacking is None:
            raise
        to_stderr(str(lacking))
        return lacking.exit_status
    except BrokenPipeError:
        # The reader has seen enough. Python flushes standard output once more on its way
        # out; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EFBIG):
            raise
        # Standard output is a file on a full disk; what was asked for has been done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        to_stderr(f"standard output cannot be written ({error.strerror})")
        return WriteError.exit_status


def _open_streams() -> None:
    """Let every character be written, also where a stream is closed or is not UTF-8."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def known_verbs() -> dict[str, Verb]:
    """The model's own verbs and those that other packages add, by name."""
    modules = (*_OWN, *extensions(COMMANDS))
    return {each.name: each for module in modules for each in module.VERBS}


def _carry_out(arguments: Sequence[str] | None) -> int:
    verbs = known_verbs()
    given = vars(read_arguments(arguments, verbs))
    common = ("project", "command", "version", "verbose")
    folder, command, _, verbose = (given.pop(name) for name in common)
    if command is None:  # then --version was given
        return _version(folder, verbose)
    context = Context(
        folder, given.pop("sets", ()), given.pop("json", False), given.pop("scheduler", None)
    )
    chosen = verbs[command]
    with context.spread() if chosen.cluster == "answers" else nullcontext():
        answer = chosen.action(context, **given)
    if not isinstance(answer, Answer):
        return answer or 0
    answer.print(context.json)
    return answer.status


def _version(folder: str | None, verbose: bool) -> int:
    from jcurve import __version__

    print(f"jcurve {__version__}")
    if verbose:
        from jcurve.evaluation.evaluator import state

        case = Context(folder).case("base")
        for name, value in state(case.assembly).items():
            print(f"{name}: {value}")
    return 0
