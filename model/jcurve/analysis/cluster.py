"""A Dask cluster that is there: which of its workers are as this machine, and what they answer.

A worker takes part only if its model, data and libraries are this machine's: another version of one
line would give another number and nobody would see it. Where a question is answered changes
nothing in the answer.
"""

from __future__ import annotations

import itertools
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from jcurve.analysis.question import ELSEWHERE, Answers, Array, Question, joined
from jcurve.ground.errors import RunError, UsageError
from jcurve.ground.project import Project
from jcurve.ground.provenance import calculation

if TYPE_CHECKING:
    from distributed import Client

Looks: TypeAlias = Callable[[Project], Mapping[str, str]]
"""Says what the answers of a machine rest on."""

Told: TypeAlias = Callable[[str], object]
"""Called for each worker that takes no part, with the reason."""

_PATIENCE = 10
_NOBODY = 30.0
_FRESH = 0.5
_LEAST = 64  # Scenarios that are worth a way over the network
_ADDRESS = re.compile(r"(?:\w+://)?(?P<host>[^/:\s]+):(?P<port>\d{1,5})", re.ASCII)


def silent(text: str) -> None:
    """Says nothing."""


class Cluster:
    """The workers of a cluster that would give the same bytes; close it when done."""

    def __init__(
        self, address: str, project: Project, refused: Told = silent, looks: Looks = calculation
    ) -> None:
        """Connect and look at the workers, which must see the same project folder.

        Args:
            address: of its scheduler, such as ``tcp://10.0.0.5:8786``.
            project: whose data the work rests on.
            refused: called for each worker that takes no part, with the reason.
            looks: what must be the same there as here.
        """
        self.client = _connected(address)
        self.wanted = looks(project)
        self._look = partial(looked, looks, project.root)
        self._refused = refused
        self._reasons: dict[str, str] = {}
        self._threads: dict[str, int] = {}
        self._busy: dict[str, int] = {}
        self._asked = 0.0
        self._lock = threading.Lock()
        if not self.workers():
            reason = next(iter(self._reasons.values()), "no worker at all")
            self.client.close()
            raise UsageError(
                "no worker of the cluster is as this machine",
                received=reason,
                allowed="workers with the same package, data and libraries",
            )

    def close(self) -> None:
        """Let go of the cluster; what is still under way there has no effect."""
        self.client.close()

    def workers(self) -> dict[str, int]:
        """The workers that take part and are there, with their threads."""
        with self._lock:
            if time.monotonic() - self._asked > _FRESH:
                found = self.client.nthreads()
                if new := [each for each in found if each not in self._reasons]:
                    said = self.client.run(self._look, workers=new, on_error="return")
                    for worker, theirs in sorted(said.items()):
                        self._reasons[worker] = reason = difference(theirs, self.wanted)
                        if reason:
                            self._refused(f"worker {worker} takes no part: {reason}")
                self._threads = {
                    each: count for each, count in found.items() if not self._reasons.get(each, "")
                }
                self._asked = time.monotonic()
            return self._threads

    @contextmanager
    def one(self) -> Iterator[str]:
        """The worker with the least to do, while the block runs."""
        until = time.monotonic() + _NOBODY
        while not (threads := self.workers()):
            if time.monotonic() > until:
                raise RunError("no worker of the cluster is left")
            time.sleep(_FRESH)
        with self._lock:
            busy = {each: self._busy.setdefault(each, 0) for each in threads}
            worker = min(threads, key=lambda each: busy[each] / threads[each])
            self._busy[worker] += 1
        try:
            yield worker
        finally:
            with self._lock:
                self._busy[worker] -= 1

    def answers(self, question: Question, rows: Mapping[str, Array]) -> Answers | None:
        """The answers for rows, in parts on the workers; None for so few that they are had here."""
        own = question.case.assumption_rows
        sent = {key: row for key, row in rows.items() if row is not own.get(key)}
        width = max((row.shape[1] for row in sent.values()), default=1)
        if width < 2 * _LEAST:
            return None
        threads = self.workers()
        most = -(-width // _LEAST)
        parts = min(most, max(1, sum(threads.values())))
        edges = [width * at // parts for at in range(parts + 1)]
        (shared,) = self.client.scatter([question], broadcast=True, hash=False)
        futures = [
            self.client.submit(
                _rows_answered,
                self.wanted,
                shared,
                _scenarios_between(sent, first, last),
                pure=False,
                workers=list(threads),
            )
            for first, last in itertools.pairwise(edges)
        ]
        return joined(self.client.gather(futures), np.diff(edges))


@contextmanager
def answered_on(address: str | None, project: Project, refused: Told = silent) -> Iterator[None]:
    """While the block runs, what is asked of the model for many scenarios is answered there."""
    if address is None:
        yield
        return
    with closing(Cluster(address, project, refused)) as made:
        token = ELSEWHERE.set(made.answers)
        try:
            yield
        finally:
            ELSEWHERE.reset(token)


def check_address(address: str) -> None:
    """Refuse an address at which no scheduler answers."""
    _connected(address).close()


def _connected(address: str) -> Client:
    """A client of the scheduler at an address."""
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "a cluster needs Dask, which is not installed",
            received=address,
            allowed="pip install 'jcurve[cluster]', or no --scheduler",
        ) from error
    place = _ADDRESS.fullmatch(address)
    try:
        if place is None:
            raise ValueError("not an address")
        # A client that finds nobody is slow to give up; a plain connection says so at once.
        host, port = place["host"], int(place["port"])
        socket.create_connection((host, port), _PATIENCE).close()
        return Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError, OverflowError) as error:
        raise UsageError(
            "the scheduler does not answer",
            received=address,
            allowed="the address of a running Dask scheduler, such as tcp://10.0.0.5:8786",
        ) from error


@cache
def looked(looks: Looks, root: Path) -> Mapping[str, str]:
    """On a worker: what its answers rest on, as it was when it was first asked."""
    return looks(Project(root))


def _rows_answered(
    wanted: Mapping[str, str], question: Question, rows: dict[str, Array]
) -> Answers:
    """On a worker: the answers for rows, beside the question's own."""
    check_same(wanted, looked(calculation, question.project.root))
    return question.answers({**question.case.assumption_rows, **rows})


def check_same(wanted: Mapping[str, str], theirs: Mapping[str, str]) -> None:
    """On a worker: refuse work where the worker is another than the one that was looked at."""
    if differs := difference(theirs, wanted):
        raise RunError(f"a worker became another while it was at work: {differs}")


def _scenarios_between(rows: Mapping[str, Array], first: int, last: int) -> dict[str, Array]:
    part = slice(first, last)
    return {key: row if row.shape[1] == 1 else row[:, part] for key, row in rows.items()}


def difference(theirs: Mapping[str, str] | Exception, ours: Mapping[str, str]) -> str:
    """What differs, in words; empty when nothing does."""
    if isinstance(theirs, Exception):  # another version that cannot say
        return f"it cannot say what it is ({type(theirs).__name__}: {theirs})"
    return ", ".join(
        f"{name} {theirs.get(name, 'none')} instead of {ours.get(name, 'none')}"
        for name in dict.fromkeys([*ours, *theirs])
        if theirs.get(name) != ours.get(name)
    )
