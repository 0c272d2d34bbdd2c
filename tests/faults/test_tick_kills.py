"""A scheduled run killed before each of its steps in turn: nothing torn, lost or told twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RecordFigure
from tests.counts import count, is_full
from tests.support.drives import drive, sound_runs
from tests.support.inbox import Inbox, serving
from tests.support.notebooks import make_project
from tests.support.waiting import GENEROUS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and signals")

RECIPIENTS = ("board@example.org", "cfo@example.org")


def check(found: dict[str, Any], inbox: Inbox) -> None:
    """Everything is published once, entered, and told to each recipient."""
    assert found["torn"] == []
    assert found["open"] == []
    assert found["staging"] == []
    assert [state for _, state in found["occurrences"]] == ["done"]
    assert len(found["published"]) == 2, "one edition for each scenario"
    assert sorted(found["succeeded"]) == found["published"]
    assert [name.rpartition("/")[2] for name in found["published"]] == found["latest"]
    assert {state for _, _, state, _ in found["owed"]} == {"sent"}
    # What was told, by recipient: each edition in one message, under one id.
    for address in RECIPIENTS:
        named = {about for _, to, _, about in found["owed"] if to == address}
        assert sorted(", ".join(named).split(", ")) == found["published"]
        ids = Counter(inbox.taken[address])
        assert set(ids) == {
            f"<{message}@jcurve.invalid>" for message, to, _, _ in found["owed"] if to == address
        }
        # A second one is possible in one gap alone: after the server's word, before our note.
        assert max(ids.values()) <= 2


def test_kills_before_each_step(tmp_path: Path, record_figure: RecordFigure) -> None:
    """At a real SMTP server that also puts off recipients and mails at random."""
    chance = random.Random(20_260_302)
    recorded = tmp_path / "sound"
    sound_runs(recorded)
    kills = doubled = 0
    with serving() as (inbox, port):
        command = [sys.executable, "-m", "tests.support.killed_tick", str(tmp_path / "runs")]
        (tmp_path / "runs").mkdir()
        process = subprocess.Popen(
            [*command, str(recorded / "staged"), str(port)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"

            def trial(step: int) -> dict[str, Any]:
                inbox.clear()
                address = chance.choice(RECIPIENTS)
                inbox.put_off = {address: 1} if chance.random() < 0.3 else {}
                inbox.failing = 0.3 if chance.random() < 0.5 else 0.0
                print(step, file=process.stdin, flush=True)
                answer = process.stdout.readline()  # type: ignore[union-attr]
                assert answer, f"the runner ended at step {step}"
                found: dict[str, Any] = json.loads(answer)
                check(found, inbox)
                return found

            steps = 1
            while not trial(steps)["lived"]:  # how many there are, by doubling
                steps *= 2
                kills += 1
            wanted = range(1, steps) if is_full("tick_kills") else None
            for step in wanted or (chance.randrange(1, steps) for _ in range(count("tick_kills"))):
                kills += not trial(step)["lived"]
                doubled += max(Counter(inbox.taken[a]).most_common(1)[0][1] for a in RECIPIENTS) > 1
            process.stdin.close()
            assert process.wait(GENEROUS) == 0
    assert kills >= count("tick_kills") // 4
    record_figure("kills of a scheduled run, each before another step", kills)
    record_figure("kills of a scheduled run: torn, lost or left open", 0)
    record_figure("kills of a scheduled run: mails that came twice, under one id", doubled)


def test_kills_while_old_editions_go(tmp_path: Path, record_figure: RecordFigure) -> None:
    """Before each step of a removal: an edition is there whole or not at all, the latest always."""
    executor = sound_runs(tmp_path / "sound")()
    project = make_project(tmp_path / "runs" / "project")
    for number in range(3):
        done, _ = drive(project, run=f"run-{number}", executor=executor)
        assert done.state == "succeeded"
    finished = subprocess.run(
        [sys.executable, "-m", "tests.support.killed", "prune", str(tmp_path / "runs")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    told = [json.loads(line) for line in finished.stdout.splitlines()]
    assert told[-1]["lived"]
    assert told[-1]["seen"] == ["run-2"]
    assert [each["step"] for each in told if each["torn"] or each["left"]] == []
    assert {each["latest"] for each in told} == {"run-2"}
    assert len(told) > 5
    record_figure("kills of a removal, each before another step", len(told) - 1)
