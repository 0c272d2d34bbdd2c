"""Bad input to the command itself: one line that names the fix, its exit code, nothing written.

Each mistake is made on the project's own data and through every verb that takes it. The words
of each refusal are tested where they are made (``test_assumptions_refusals.py``).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jcurve.briefing.parameters import check_parameters
from jcurve.commands import main
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.project import Project
from tests.support.notebooks import PARAMETERS, RECORD, SHOW, write_notebook

HOME = Path(__file__).resolve().parents[2]
HEAD = "extends: base\nstory: Another world.\nassumptions:\n"
USAGE, SCENARIO, WRITE = 2, 3, 7


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project on the repository's own data, whose scenario files may be changed."""
    root = tmp_path_factory.mktemp("project")
    (root / "data").mkdir()
    for path in (HOME / "data").iterdir():
        if path.name == "scenarios":
            shutil.copytree(path, root / "data" / "scenarios")
        else:
            (root / "data" / path.name).symlink_to(path)
    (root / "notebooks").mkdir()
    write_notebook(root / "notebooks" / "fixture.ipynb", (PARAMETERS, SHOW, RECORD))
    return Project(root)


@pytest.fixture
def project(shared: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The project as the working directory; it must end a test with the files it began with."""
    monkeypatch.chdir(shared.root)
    monkeypatch.delenv("JCURVE_PROJECT", raising=False)
    before = files(shared)
    yield shared
    assert files(shared) == before, "something was written"


def files(project: Project) -> dict[str, bytes]:
    """Every file that the tests may touch, with its content."""
    paths = (*project.root.glob("*"), *project.scenarios.rglob("*"), *project.reports.rglob("*"))
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in paths}


def refused(
    arguments: list[str], status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command fails with ``status`` and one line that contains ``words``."""
    assert main(arguments) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("jcurve: "), captured.err
    assert captured.err.count("\n") == 1, captured.err
    assert words in captured.err
    assert "Traceback" not in captured.err


BAD_FILES = [
    pytest.param(
        {"x": HEAD + "  capex.totl: {value: 1, why: a}\n"},
        "data/scenarios/x.yml:4: unknown assumption; received 'capex.totl'; "
        "did you mean 'capex.total'?",
        id="misspelt key",
    ),
    pytest.param(
        {"x": HEAD + "  returns.wacc: {value: 9 USD m, why: a}\n"},
        "data/scenarios/x.yml:4, returns.wacc: wrong unit; received '9 USD m'",
        id="wrong unit",
    ),
    pytest.param(
        {"x": HEAD + "  returns.wacc: {value: 0.9, why: a}\n"},
        "data/scenarios/x.yml:4, returns.wacc: out of bounds; received '0.9'",
        id="out of bounds",
    ),
    pytest.param(
        {"x": HEAD + "  capex.total.2027: {value: 188, why: a}\n"},
        "data/scenarios/x.yml:4, capex.total.2027: a bare number 1,000 times too small",
        id="1,000 times too small",
    ),
    pytest.param(
        {"x": HEAD + "  capex.total.2027: {value: 188000000, why: a}\n"},
        "data/scenarios/x.yml:4, capex.total.2027: out of bounds, 1,000 times too large",
        id="1,000 times too large",
    ),
    pytest.param(
        {
            "x": HEAD
            + "  returns.wacc: {value: 0.09, why: a}\n  returns.wacc: {value: 0.1, why: a}\n"
        },
        "data/scenarios/x.yml:5: a key is given twice; received 'returns.wacc'",
        id="duplicate key",
    ),
    pytest.param(
        {"x": HEAD.replace("base", "x")},
        "data/scenarios/x.yml:1: a scenario that extends itself; received 'x > x'",
        id="extends itself",
    ),
    pytest.param(
        {"x": HEAD.replace("base", "y"), "y": HEAD.replace("base", "x")},
        "a scenario that extends itself",
        id="extends itself through another",
    ),
    pytest.param(
        {"x": HEAD.replace("base", "bass")},
        "data/scenarios/x.yml:1: the parent is missing; received 'bass'",
        id="parent missing",
    ),
    pytest.param(
        {"x": HEAD + "  returns.wacc: {value: .nan, why: a}\n"},
        "data/scenarios/x.yml:4, returns.wacc: not a finite number; received '.nan'",
        id="not a number",
    ),
    pytest.param(
        {"x": HEAD + "  capex.total.2045: {value: 200000, why: a}\n"},
        "data/scenarios/x.yml:4, capex.total.2045: year outside the horizon; received '2045'",
        id="year outside the horizon",
    ),
    pytest.param(
        {"x": HEAD + "  returns.wacc: {value: 0.02, why: a}\n"},
        "data/scenarios/x.yml:4, returns.wacc: the WACC is not above terminal growth",
        id="WACC below terminal growth",
    ),
]
VERBS = [
    "check x",
    "show x",
    "trace npv -s x",
    "report fixture -s x",
    "new z --extends x",
    "solve returns.wacc -s x",
    "bridge base x",
    "sensitivity -s x",
    "simulate --draws 64 -s x",
]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("texts", "words"), BAD_FILES)
def test_a_bad_scenario_file(
    shared: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    texts: dict[str, str],
    words: str,
) -> None:
    """Whatever reads it, the same line; and nothing of a run, a trace or a new file is left."""
    monkeypatch.chdir(shared.root)
    paths = [shared.scenarios / f"{name}.yml" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    try:
        before = files(shared)
        refused(verb.split(), SCENARIO, words, capsys)
        assert files(shared) == before
    finally:
        for path in paths:
            path.unlink()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("check bse", "unknown scenario; received 'bse'"),
        ("show ''", "unknown scenario; received \"''\""),
        ("show base.yml", "unknown scenario; received 'base.yml'"),
        ("trace npv -s ../base", "unknown scenario; received '../base'"),
        ("trace npv --set returns.wacc=nan", "--set returns.wacc: not a finite number"),
        ("trace npv --set capex.total.2045=1", "year outside the horizon"),
        ("new x --extends bse", "unknown scenario; received 'bse'"),
        ("new X", "'X'"),
        ("new base", "a scenario of this name exists; received 'base'"),
        ("report fixture -s bse", "unknown scenario; received 'bse'"),
    ],
)
def test_a_bad_name_or_override(
    project: Project, capsys: pytest.CaptureFixture[str], arguments: str, words: str
) -> None:
    """Names are names of files in one folder; overrides are checked like files."""
    refused(arguments.split(), SCENARIO, words, capsys)


@pytest.mark.parametrize("name", ["__import__('os').abort()", "x;import os", "scenario\nimport os"])
def test_a_parameter_name_that_is_code(
    project: Project, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Papermill would paste the name into a cell and run it."""
    refused(["report", "fixture", "-p", f"{name}=1"], USAGE, "unknown parameter", capsys)


@pytest.mark.parametrize("verb", ["show base", "report fixture"])
def test_an_override_whose_key_is_code(
    project: Project, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    """A key is looked up, never run."""
    arguments = [*verb.split(), "--set", "__import__('os').abort()=1"]
    refused(arguments, SCENARIO, "--set: unknown assumption", capsys)


def test_a_reports_folder_that_cannot_be_written(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands where the folder should be: said before anything is run."""
    project.reports.write_text("in the way")
    try:
        refused(["report", "fixture"], WRITE, "cannot be written", capsys)
        assert project.reports.read_text() == "in the way"
    finally:
        project.reports.unlink()


def test_a_scenarios_folder_that_cannot_be_written(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``new`` leaves no half of a file when the disk refuses it."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    refused(["new", "mine"], WRITE, "cannot be written (no space left on device)", capsys)


BASE: dict[str, object] = {"scenario": "base", "overrides": {}, "view": "programme", "out": "."}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"scenario": "bse"}, ScenarioError, "unknown scenario; received 'bse'"),
        ({"scenario": 3}, UsageError, "parameter scenario: scenario is not a name; received 3"),
        ({"scenario": None}, UsageError, "parameter scenario: scenario is not a name"),
        ({"view": "programm"}, UsageError, "did you mean 'programme'?"),
        ({"view": ["programme"]}, UsageError, "parameter view: unknown view"),
        ({"out": "nowhere"}, UsageError, "parameter out: no such folder; received 'nowhere'"),
        ({"out": 1}, UsageError, "parameter out: no such folder"),
        ({"overrides": "capex"}, UsageError, "parameter overrides: overrides are not a table"),
        ({"overrides": "{'a': __import__('os')}"}, UsageError, "overrides are not a table"),
        ({"overrides": {"capex.totl": 1}}, ScenarioError, "did you mean 'capex.total'?"),
        ({"overrides": '{"returns.wacc": NaN}'}, ScenarioError, "not a finite number"),
        ({"overrides": {"capex.total.2027": 188}}, ScenarioError, "1,000 times too small"),
        ({"overrides": {"returns.wacc": "9 USD m"}}, ScenarioError, "wrong unit"),
        ({"overrides": {"returns.wacc": 0.02}}, ScenarioError, "not above terminal growth"),
    ],
)
def test_a_notebooks_parameters(
    project: Project, change: dict[str, object], error: type[Exception], words: str
) -> None:
    """The cell after the parameters refuses the same mistakes, however they came."""
    given = BASE | change
    with pytest.raises(error) as caught:
        check_parameters(**given)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_same_parameters_without_a_mistake(project: Project) -> None:
    """The refusals above are for the mistakes, not for the frame around them."""
    found = check_parameters(**BASE)  # type: ignore[arg-type]
    assert (found.scenario.name, found.view, found.project) == ("base", "programme", project)
