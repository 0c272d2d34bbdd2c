"""Inputs altered at random, each read within limits: ten seconds of processor, a gigabyte.

Cases are tried in a child process, so that a signal, a hang or memory without end is the fault of
a case, with its number, and not the end of the tests. Processor time counts and not the clock:
a busy machine changes nothing.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass

import psutil

from jcurve.ground.errors import JCurveError
from tests.conftest import RecordFigure
from tests.counts import count
from tests.support.hostile import HOSTILE

__all__ = ["PIECES", "altered", "content", "fuzz", "one_line"]

SECONDS = 10.0
MEMORY = 1 << 30

PIECES = (
    *("[", "]", "{", "}", ":", "- ", "? ", "&a ", "*a", "!!str ", "<<: ", "|\n", ">-\n", "\t"),
    *("'", '"', "#", "---\n", "...\n", "\ufeff", "\0", "\u202e", "\u2028", "1e999", "-0", "NaN"),
    *("2026Q5", "9999Q4", "0001Q1", "٣", "null", "~", "true", "on", "0x1F", "1_000", "12:30"),
    *("999999999999999999999999", "-1", "0", "1e-400", "USD bn", "%", "..", "../x", "a.b.c.d"),
)


def altered(text: str, chance: random.Random) -> str:
    """``text`` with a few pieces cut, doubled, swapped or put in."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        upto = min(len(text), at + chance.choice([0, 1, 2, 8, 40]))
        piece = chance.choice([*PIECES, chance.choice(HOSTILE), text[at:upto] * 2])
        if chance.random() < 0.05:
            piece *= chance.choice([100, 3_000])
        text = text[:at] + piece + text[upto if chance.random() < 0.7 else at :]
    return text


def content(text: str, chance: random.Random) -> bytes:
    """As the file holds it, sometimes in an encoding of its own."""
    encoding = chance.choice(["utf-8"] * 8 + ["utf-16", "latin-1"])
    return text.encode(encoding, errors="replace")


def one_line(error: JCurveError) -> None:
    """An error is one line that a terminal can show."""
    assert "\n" not in str(error)
    assert str(error).encode(errors="replace")


@dataclass
class Tally:
    """How the cases ended.

    Attributes:
        sound, refused: how many were read, and how many were one clear error.
        slowest: seconds of processor of the slowest.
        memory: by how many bytes the process has grown at its largest.
        fault: what the first of any other end was, in words; empty when there was none.
    """

    sound: int = 0
    refused: int = 0
    slowest: float = 0.0
    memory: int = 0
    fault: str = ""


def fuzz(what: str, name: str, tried: Callable[[], object], record: RecordFigure) -> Tally:
    """Try ``count(name)`` cases of ``what``; every one is read, or refused in one line.

    Args:
        tried: reads the next case, which its own generator of random numbers decides.
    """
    found = _limited(count(name), tried)
    assert not found.fault, found.fault
    assert found.memory < MEMORY
    record(f"{what} altered at random", count(name))
    record(f"{what} altered at random: still read", found.sound)
    record(f"{what} altered at random: slowest", found.slowest, "s of processor")
    record(f"{what} altered at random: memory", found.memory / 1e6, "MB more")
    record(f"{what} altered at random: tracebacks, signals, more than 10 s or 1 GB", 0)
    return found


def _limited(cases: int, tried: Callable[[], object]) -> Tally:
    if sys.platform == "win32":
        return _try_all(cases, tried, lambda number: None)
    at = mmap.mmap(-1, 8)
    ours, theirs = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads only wait
        child = os.fork()
    if not child:
        try:
            os.close(ours)
            _limit()
            told = _try_all(cases, tried, lambda number: struct.pack_into("q", at, 0, number))
            os.write(theirs, json.dumps(asdict(told)).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as answers:
        answer = answers.read()
    _, status = os.waitpid(child, 0)
    (number,) = struct.unpack_from("q", at)
    if os.WIFSIGNALED(status):
        how = signal.Signals(os.WTERMSIG(status))
        why = f"took more than {SECONDS:g} s of processor" if how == signal.SIGPROF else how.name
        return Tally(fault=f"case {number}: {why}")
    return Tally(**json.loads(answer)) if answer else Tally(fault=f"case {number}: no answer")


def _limit() -> None:
    """More memory than a gigabyte beside what is held already is refused from now on."""
    import resource

    if sys.platform == "linux":
        most = psutil.Process().memory_info().vms + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # it ends a process that has used its time


def _try_all(cases: int, tried: Callable[[], object], begins: Callable[[int], object]) -> Tally:
    found, held = Tally(), psutil.Process().memory_info().rss
    for number in range(cases):
        begins(number)
        began = time.process_time()
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            try:
                tried()
                found.sound += 1
            except JCurveError as error:
                one_line(error)
                found.refused += 1
        except BaseException:
            found.fault = f"case {number}: {traceback.format_exc()}"
            return found
        found.slowest = max(found.slowest, time.process_time() - began)
    if sys.platform != "win32":
        import resource

        signal.setitimer(signal.ITIMER_PROF, 0)
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        found.memory = max(0, peak - held)
    return found
