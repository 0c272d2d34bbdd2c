"""How units of a simulation are evaluated: here, in processes, or on a Dask cluster.

A runner takes a plan and units and gives finished blocks in the order in which they finish. Where
a unit is evaluated changes nothing in it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import lru_cache, partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jcurve.analysis.cluster import Cluster, Told, check_address, check_same, looked, silent
from jcurve.analysis.draw_stores import Block
from jcurve.analysis.question import Array, Mask, Question, by_halves, cut
from jcurve.analysis.sampling import DrawRange, Plan, Sampler
from jcurve.engine.evaluate import keep_pages
from jcurve.ground.errors import ModelError, RunError, UsageError
from jcurve.ground.project import Project
from jcurve.ground.provenance import calculation

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

Columns: TypeAlias = dict[str, Array]  # Draws, rows or answers by name
Runner: TypeAlias = Callable[[Plan, Sequence[DrawRange]], Iterator[Block]]

_AHEAD = 2  # Units under way for each worker, so that none waits for work and few are lost
_WATCH = 1.0


def evaluate_unit(plan: Plan, unit: DrawRange) -> Block:
    """The finished draws of one unit."""
    sampler = _sampler(plan)
    question = sampler.plan.question
    drawn = sampler.draws(unit)
    ask = partial(_draws_answered, question)

    def refused(at: int, error: ModelError) -> Columns:
        raise ModelError(
            f"draw {unit.start + at} of scramble {unit.scramble}: {error.what}",
            received=error.received,
            allowed=error.allowed,
        ) from error

    parts: list[Columns] = []
    step = -(-unit.count // -(-unit.count // question.chunk))  # of one size, at most a chunk
    for start in range(0, unit.count, step):
        draws = cut(drawn, start, min(start + step, unit.count))
        parts.append(by_halves(ask, draws, refused, start))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Block(unit, columns)


def _draws_answered(question: Question, draws: Columns) -> Columns:
    width = len(next(iter(draws.values())))
    rows = question.rows(draws)
    valid = np.broadcast_to(question.valid_rows(rows), (width,))
    if not valid.all():
        rows = {key: row[:, valid] if row.shape[1] == width else row for key, row in rows.items()}
    if valid.any():
        answers = question.answers(rows)
    else:
        answers = {
            name: np.zeros((len(question.years), 0) if name.endswith(":year") else 0)
            for name in question.outputs
        }
    columns: Columns = {}
    for name, row in answers.items():
        columns |= _by_year(question, name, row, valid)
    return columns | {"valid": valid.astype(np.float64)}


def _by_year(question: Question, name: str, row: Array, valid: Mask) -> Columns:
    """A column an output, or one a year from the programme's start of a line by year."""

    def spread(values: Array) -> Array:
        column = np.full(len(valid), np.nan)
        column[valid] = values
        return column

    if row.ndim == 1:
        return {name: spread(row)}
    line, years = name.rpartition(":")[0], question.kept_years
    rows = row[len(row) - len(years) :]
    return {f"{line}:{year}": spread(each) for year, each in zip(years, rows, strict=True)}


@lru_cache(maxsize=2)
def _sampler(plan: Plan) -> Sampler:
    """Prepared once in a process: a unit is small beside what it rests on."""
    keep_pages()
    return Sampler(plan)


def local(plan: Plan, units: Sequence[DrawRange]) -> Iterator[Block]:
    """One after another in this process."""
    for unit in units:
        yield evaluate_unit(plan, unit)


def processes(count: int) -> Runner:
    """On so many processes of this machine."""
    if count < 1:
        raise UsageError("not a number of processes", received=count, allowed="1 or more")
    return local if count == 1 else partial(_on_processes, count)


def cluster(address: str, project: Project, refused: Told = silent) -> Runner:
    """On the workers of a Dask cluster that is there; see :class:`Cluster`."""
    check_address(address)
    return partial(_on_cluster, address, project, refused)


def _on_processes(count: int, plan: Plan, units: Sequence[DrawRange]) -> Iterator[Block]:
    # Each worker has a pipe of its own: when it dies, even in the middle of an answer, that pipe
    # ends. On a queue that workers share, as in ProcessPoolExecutor, the rest would be waited for.
    from multiprocessing import get_context

    context = get_context("spawn")
    left = iter(units)
    workers: dict[Connection[Any, Any], SpawnProcess] = {}
    owed: Counter[Connection[Any, Any]] = Counter()

    def ask(pipe: Connection[Any, Any]) -> None:
        if (unit := next(left, None)) is not None:
            pipe.send(unit)
            owed[pipe] += 1

    try:
        with _death_of_a_process(count):
            for _ in range(min(count, len(units))):
                pipe, theirs = context.Pipe()
                worker = context.Process(target=_work, args=(theirs, os.getpid()), daemon=True)
                worker.start()
                workers[pipe] = worker
                theirs.close()
            for pipe in workers:
                pipe.send(plan)
            for pipe in [*workers] * _AHEAD:
                ask(pipe)
        while busy := [pipe for pipe in workers if owed[pipe]]:
            ready = wait(busy)
            for pipe in (each for each in busy if each in ready):
                with _death_of_a_process(count):
                    answer = pipe.recv()
                    owed[pipe] -= 1
                    ask(pipe)
                if isinstance(answer, Exception):
                    raise answer
                yield answer
    finally:
        for pipe, worker in workers.items():
            worker.kill()
            worker.join()
            pipe.close()


@contextmanager
def _death_of_a_process(count: int) -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise RunError(
            "a process of the simulation ended abruptly, as when memory runs out",
            received=f"{count} processes",
            allowed="fewer --processes; --resume keeps what is finished",
        ) from error


def _work(pipe: Connection[Any, Any], parent: int) -> None:
    """A worker's whole life: a plan, then answers to its units until the pipe ends."""
    _stand_by(parent)
    with suppress(EOFError, OSError):
        plan = pipe.recv()
        while True:
            unit = pipe.recv()
            answer: Block | Exception
            try:
                answer = evaluate_unit(plan, unit)
            except Exception as error:
                answer = error
            pipe.send(answer)


def _stand_by(parent: int) -> None:
    """In a worker: an interrupt is the parent's to answer, and a dead parent ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _on_cluster(
    address: str, project: Project, refused: Told, plan: Plan, units: Sequence[DrawRange]
) -> Iterator[Block]:
    from distributed import as_completed

    with closing(Cluster(address, project, refused)) as made:
        client, threads = made.client, made.workers()
        # Each part is checked again where it is made: a worker may have been replaced meanwhile.
        evaluate = partial(client.submit, _evaluate_as, pure=False, workers=list(threads))
        (shared,) = client.scatter([plan], broadcast=True)
        left = iter(units)
        running = as_completed(loop=client.loop)
        for _ in range(sum(threads.values()) * _AHEAD):
            if (unit := next(left, None)) is not None:
                running.add(evaluate(made.wanted, project.root, shared, unit))
        try:
            for future in running:
                block: Block = future.result()
                future.release()
                if (unit := next(left, None)) is not None:
                    running.add(evaluate(made.wanted, project.root, shared, unit))
                yield block
        finally:
            with suppress(Exception):  # the cluster may be gone, which has its own error
                client.cancel(list(running.futures))


def _evaluate_as(wanted: Mapping[str, str], root: Path, plan: Plan, unit: DrawRange) -> Block:
    """On a worker: the draws of a unit, if they are those that the client would get."""
    check_same(wanted, looked(calculation, root))
    return evaluate_unit(plan, unit)
