"""What comes from outside is measured before it is read: nesting, names, streams, folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import jcurve
from jcurve.assumptions.nodes import Entry, Place, read, read_value
from jcurve.commands import main
from jcurve.ground.errors import ProjectError, ScenarioError, UsageError
from jcurve.ground.project import Project, find_project
from jcurve_runs.plan.request import Request, prepare
from jcurve_runs.schedule.schedules import read_schedules
from tests.support.notebooks import MOMENT, make_project

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "import sys; from jcurve.commands import main; sys.exit(main())"]
DEEP = 30_000  # levels; some 24,000 end a process that composes them


@pytest.mark.parametrize(
    "nested",
    [
        "[" * DEEP,
        "[" * DEEP + "]" * DEEP,
        "{a: " * DEEP,
        "- " * DEEP + "1",
        '["]", ' * DEEP,  # a bracket in a text closes nothing
        "? " * DEEP,
        "\n    ".join(" " * level + "a:" for level in range(1_700)),
    ],
    ids=["open", "closed", "tables", "items", "hidden", "keys", "indented"],
)
def test_nesting_is_counted_before_it_is_composed(nested: str) -> None:
    with pytest.raises(ScenarioError, match=r"x.yml:\d+.*nested too deeply"):
        read(f"extends: base\nassumptions:\n  a:\n    {nested}\n".encode(), "x.yml")


@pytest.mark.parametrize("text", ["[" * DEEP, "{a: " * DEEP, "[" * DEEP + "]" * DEEP])
def test_nesting_in_an_override(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ScenarioError, match="nested too deeply"):
        read_value(text, Place("--set", key="a"))
    with pytest.raises(ScenarioError, match="nested too deeply"):
        jcurve.scenario("base", {"returns.wacc": text}, project=ROOT)
    assert main(["--project", str(ROOT), "show", "base", "--set", f"returns.wacc={text}"]) == 3
    told = capsys.readouterr().err
    assert "nested too deeply" in told
    assert told.count("\n") == 1


def test_nesting_in_the_schedule(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.reports.mkdir()
    (project.reports / "schedule.yml").write_text("schedules:\n  a: " + "[" * DEEP)
    with pytest.raises(UsageError, match=r"schedule.yml:2: nested too deeply"):
        read_schedules(project)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("story: &k returns.wacc\nassumptions:\n  *k : {value: 0.09}\n", "anchors and aliases"),
        ("&k story: a\n", "anchors and aliases"),
        ("story: &k a\n", "anchors and aliases"),
        ("!!str story: a\n", "tags are not used"),
        ("story: !!python/name:os.system a\n", "tags are not used"),
        ("!x\nstory: a\n", "tags are not used"),
    ],
)
def test_anchors_aliases_and_tags_on_keys_as_well(text: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=rf"mine.yml:\d+: {words}"):
        read(text.encode(), "mine.yml")


def test_marks_in_a_text_are_text() -> None:
    """``&``, ``*`` and ``!`` are letters where they begin nothing."""
    text = "story: R&D up 5 * 2!\nother: '*this'\n"
    assert read(text.encode(), "x.yml").get("story") == Entry("story", "R&D up 5 * 2!", 1)


@pytest.mark.skipif(sys.platform == "win32", reason="shells")
class TestStreams:
    """A command's streams may be closed, full, or of few characters."""

    @staticmethod
    def run(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-c", command, "x", *COMMAND],
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, **environment},
            check=False,
        )
        # A slow machine is also told what takes long.
        done.stderr = done.stderr.replace("building the model …\n", "")
        return done

    def test_closed(self) -> None:
        done = self.run('"$@" check base >&-; "$@" check base >&- 2>&-')
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
    def test_full(self) -> None:
        done = self.run('"$@" check base >/dev/full')
        assert done.returncode == 7
        told = "jcurve: standard output cannot be written (No space left on device)\n"
        assert done.stderr == told

    @pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
    def test_of_few_characters(self, encoding: str) -> None:
        done = self.run('"$@" diff base base --set returns.wacc=0.1', PYTHONIOENCODING=encoding)
        assert done.returncode == 0, done.stderr
        assert "\\u2192" in done.stdout


@pytest.mark.parametrize("name", ["~nosuchuser/x", "x" * 5_000, "a\0b"])
def test_a_folder_that_cannot_be(name: str) -> None:
    with pytest.raises(ProjectError, match="not a J-Curve project"):
        find_project(name)


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_a_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    project: Project = make_project(root)
    with pytest.raises(UsageError, match="has a name that is not UTF-8") as caught:
        prepare(Request(report="fixture"), project, started=MOMENT)
    assert str(caught.value).encode()
    assert not project.reports.exists()
