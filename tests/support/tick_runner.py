"""Ticks of one process, round by round, as its standard input says.

``python -m tests.support.tick_runner PROJECT RAN``: each line is a moment; the process looks
at the schedules as if it were that moment and answers with the names of what it ran. A run
leaves a line in the file RAN and nothing else.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from datetime import datetime
from pathlib import Path

from jcurve.ground.project import Project
from jcurve_runs.plan.request import Request
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch import Batch
from jcurve_runs.schedule.occurrences import Occurrence
from jcurve_runs.schedule.schedules import Schedule
from jcurve_runs.schedule.tick import tick
from tests.support.notebooks import StandIn


def main(project: Project, ran: Path) -> None:
    """Serve until standard input ends."""

    def run(schedule: Schedule, occurrence: Occurrence, name: str) -> Batch:
        # One write in append mode: lines of several processes do not mix.
        with ran.open("ab", buffering=0) as file:
            file.write(f"{name} {os.getpid()}\n".encode())
        time.sleep(random.uniform(0.0, 0.02))
        done = Done(Request(report="fixture"), "succeeded")
        return Batch(name, (done,), Path("manifest"), "plain")

    print("ready", flush=True)
    for line in sys.stdin:
        moment = datetime.fromisoformat(line.strip())
        made = tick(
            project,
            clock=lambda: moment,  # noqa: B023
            runner=run,
            resolve=lambda name, overrides, project: StandIn(name),
        )
        told = {"ran": [each.occurrence.schedule for each in made.ran], "problems": made.problems}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(Project(Path(sys.argv[1])), Path(sys.argv[2]))
