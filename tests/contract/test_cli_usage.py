"""The command line's manners: one line per mistake, a status by class, a quick start."""

from __future__ import annotations

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from jcurve.commands import main
from jcurve.commands.command_line import known_verbs
from jcurve.commands.verb import NOT_WITH_JSON, Answer, Context, Count, read_arguments, verb
from jcurve.ground.errors import UsageError
from tests.support.notebooks import PARAMETERS, make_project, make_real_project, write_notebook
from tests.support.waiting import GENEROUS, until

COMMAND = [sys.executable, "-c", "import sys; from jcurve.commands import main; sys.exit(main())"]
HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "pydantic", "yaml", "papermill", "nbconvert"}


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        ("", 2, "the following arguments are required: COMMAND; allowed: see 'jcurve --help'"),
        (
            "shwo base",
            2,
            f"unknown command; received 'shwo'; allowed: {', '.join(known_verbs())}; "
            "did you mean 'show'?",
        ),
        (
            "facts verify --company META",
            2,
            "--company and --write go with refresh; allowed: jcurve facts verify",
        ),
        ("lines capex --by month", 2, "unknown period; received 'month'; allowed: quarter, year"),
        (
            "check --jsn",
            2,
            "unknown argument of check; received '--jsn'; allowed: -h, --help, --json, --project; "
            "did you mean '--json'?",
        ),
        (
            "show base --json --csv",
            2,
            "argument --csv: not allowed with argument --json; allowed: see 'jcurve show --help'",
        ),
        (
            "facts verfy",
            2,
            "unknown action; received 'verfy'; allowed: verify, refresh; did you mean 'verify'?",
        ),
        (
            "trace npv --depth 0",
            2,
            "argument --depth: not a whole number above 0: '0'; allowed: see 'jcurve trace --help'",
        ),
        (
            "report --deadline nan",
            2,
            "argument --deadline: not a number of seconds above 0: 'nan'; "
            "allowed: see 'jcurve report --help'",
        ),
        (
            "report --set capex.total.2027",
            3,
            "--set: not an override; received 'capex.total.2027'; allowed: KEY=VALUE",
        ),
        ("report --set a.b=1 --set a.b=2", 2, "--set: given twice; received 'a.b'"),
        (
            "report scenrio_report",
            2,
            "unknown report; received 'scenrio_report'; allowed: fixture, scenario_report; "
            "did you mean 'scenario_report'?",
        ),
        (
            "report fixture -p __import__('os').abort()=1",
            2,
            "notebooks/fixture.ipynb: unknown parameter; received \"__import__('os').abort()\"; "
            "allowed: none of its own; scenario, overrides and view by their own arguments",
        ),
        (
            "report fixture --view backward",
            2,
            "parameter view: unknown view; received 'backward'; allowed: programme or go_forward",
        ),
        (
            "--project nowhere check",
            8,
            "not a J-Curve project; received 'nowhere'; "
            "allowed: a folder that holds data/scenarios/base.yml",
        ),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: str,
    status: int,
    line: str,
) -> None:
    project = make_project(tmp_path)
    write_notebook(project.notebooks / "scenario_report.ipynb", [PARAMETERS])
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    assert main(arguments.split()) == status

    captured = capsys.readouterr()
    assert captured.err == f"jcurve: {line}\n"
    assert captured.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_outside_any_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JCURVE_PROJECT", raising=False)
    assert main(["check"]) == 8
    assert capsys.readouterr().err == (
        f"jcurve: no J-Curve project here or above; received '{tmp_path.resolve()}'; "
        "allowed: run inside a folder that holds data/scenarios/base.yml, "
        "or name one with --project\n"
    )


@pytest.mark.parametrize("verb", ["", *known_verbs()])
def test_help_shows_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*verb.split(), "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert f"jcurve {verb}".strip() in told.partition("example")[2]
    assert "(default: )" not in told


def test_help_starts_light() -> None:
    """None of the heavy packages is imported before a command needs it."""
    code = (
        "import sys, jcurve.commands; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(shown.stdout.split())


@verb("jcurve attempt well", overrides=True)
def attempt(
    context: Context,
    how: Annotated[Literal["well", "badly"], "of two words one"],
    names: Annotated[list[str], "any number"],
    *,
    once: Annotated[bool, "a flag"] = False,
    quietly: Annotated[bool, "", NOT_WITH_JSON] = False,
    most: Annotated[Count | None, "-m", "--most", "a number", "N"] = None,
    pair: Annotated[tuple[str, str] | None, "two words", "WORD"] = None,
    dates: Annotated[tuple[str, ...] | None, "one word or more"] = None,
    part_of: Annotated[list[str], "may be given several times"],
    rate: Annotated[float, "a number"] = 0.5,
) -> Answer:
    """Attempt something."""
    return Answer(None)


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("well", {"how": "well", "names": [], "once": False, "part_of": [], "rate": 0.5}),
        ("badly a b --once", {"how": "badly", "names": ["a", "b"], "once": True}),
        ("well -m 3 --rate -2.5 --json", {"most": 3, "rate": -2.5, "json": True}),
        (
            "well --pair a b --dates 2027 2028 2029",
            {"pair": ["a", "b"], "dates": ["2027", "2028", "2029"]},
        ),
        ("well --part-of a --part-of b --set k=v", {"part_of": ["a", "b"], "sets": ["k=v"]}),
    ],
)
def test_the_parameters_of_a_verb_are_what_can_be_typed(words: str, given: dict[str, Any]) -> None:
    """Before the star by place, after it options; type and default say what may be given."""
    chosen = vars(read_arguments(["attempt", *words.split()], {"attempt": attempt}))
    assert chosen | given == chosen


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ("wel", "did you mean 'well'"),
        ("well --most 0", "argument -m/--most: not a whole number above 0: '0'"),
        ("well --rate x", "argument --rate: not a number: 'x'"),
        ("well --pair a", "argument --pair: expected 2 arguments"),
        ("well --dates --once", "argument --dates: expected at least one argument"),
        ("well --quietly --json", "argument --json: not allowed with argument --quietly"),
        ("well --part", "unknown argument of attempt"),
    ],
)
def test_a_verb_refuses_other_words(words: str, mistake: str) -> None:
    with pytest.raises(UsageError, match=re.escape(mistake)):
        read_arguments(["attempt", *words.split()], {"attempt": attempt})


BAD_SCENARIOS = [
    ("-s bse", "did you mean 'base'?"),
    ("-s ../base", "received '../base'"),
    ("--set returns.wac=0.1", "did you mean 'returns.wacc'?"),
    ("--set returns.wacc=0.1_USD_m", "--set returns.wacc"),
    ("--set returns.wacc=7", "--set returns.wacc"),
    ("--set returns.wacc=nan", "--set returns.wacc"),
    ("--set returns.wacc=0.001", "returns.wacc"),
    ("--set capex.total.2027=200", "--set capex.total.2027"),
    ("--set capex.total.2060=200000", "--set capex.total.2060"),
]


@pytest.mark.parametrize("command", ["report fixture", "show"])
@pytest.mark.parametrize(("mistake", "words"), BAD_SCENARIOS)
def test_a_bad_scenario_stops_before_anything_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    mistake: str,
    words: str,
) -> None:
    project = make_real_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    if command == "show":
        mistake = mistake.removeprefix("-s ") if mistake.startswith("-s") else f"base {mistake}"

    assert main([*command.split(), *mistake.split()]) == 3

    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("jcurve: ")
    assert words in captured.err
    assert captured.out == ""
    assert not project.reports.exists()


HEADLINES = {
    "npv",
    "irr",
    "payback",
    "discounted_payback",
    "trough_amount",
    "trough_quarter",
    "terminal_share_of_npv",
}


def test_show_for_a_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every headline in both views has a unit, or null with a reason; CSV says the same."""
    make_real_project(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert main(["show", "base", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert main(["show", "base", "--csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))

    assert set(shown) == {"scenario", "hash", "valuation_date", "data_through", "views", "rates"}
    assert set(shown["views"]) == {"programme", "go_forward"}
    for view, figures in shown["views"].items():
        assert set(figures) >= HEADLINES
        for name, figure in figures.items():
            assert figure.get("unit") if figure["value"] is not None else figure["reason"]
            (row,) = (row for row in rows if (row["view"], row["name"]) == (view, name))
            assert row["value"] == ("" if figure["value"] is None else str(figure["value"]))


def test_trace_reaches_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_real_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["trace", "npv", "--size", "30"]) == 0
    assert "returns_wacc" in capsys.readouterr().out
    assert main(["trace", "nvp"]) == 2
    assert capsys.readouterr().err.startswith("jcurve: ")


def test_one_bad_scenario_does_not_stop_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the first failure gives the status."""
    make_real_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["check", "bse", "base", "--json"]) == 3
    captured = capsys.readouterr()
    assert [(each["scenario"], each["valid"]) for each in json.loads(captured.out)] == [
        ("bse", False),
        ("base", True),
    ]
    told = [line for line in captured.err.splitlines() if not line.startswith("building the model")]
    assert len(told) == 1


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C during a run: status 130, the child gone, nothing published."""
    started = "import pathlib; pathlib.Path('../../on').touch()\nimport time; time.sleep(600)"
    project = make_real_project(tmp_path, [PARAMETERS, started])
    on = project.reports / ".staging" / "on"
    with subprocess.Popen(
        [*COMMAND, "report", "fixture"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        until(lambda: on.exists() or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=GENEROUS)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "jcurve: interrupted"
    assert sorted(path.name for path in project.reports.iterdir()) == [".staging", ".state"]
    assert [path.name for path in (project.reports / ".staging").iterdir()] == ["on"]


@pytest.mark.parametrize(
    "module", ["jcurve.commands.command_line", "argparse", "numpy", "jcurve.lines.costs"]
)
def test_interrupted_during_an_import(module: str) -> None:
    """Ctrl-C in the first second, when modules are being imported."""
    script = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from jcurve.commands import main\n"
        "sys.exit(main(['show', 'base']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "jcurve: interrupted\n")


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    """``jcurve … | head`` ends without a traceback."""
    make_real_project(tmp_path)
    with subprocess.Popen(
        [*COMMAND, "check", "base"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
    assert (process.returncode, errors) == (141, "")


def test_a_new_scenario_is_valid_as_written_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path)
    real = Path(__file__).parents[2] / "data"
    shutil.rmtree(project.data)
    shutil.copytree(real, project.data)
    monkeypatch.chdir(tmp_path)

    assert main(["new", "mine", "--extends", "bear"]) == 0
    path = project.scenarios / "mine.yml"
    assert capsys.readouterr().out == f"{path}\n"
    assert main(["check", "mine"]) == 0
    assert capsys.readouterr().out.startswith("mine: valid, hash ")

    before = path.read_bytes()
    assert main(["new", "mine"]) != 0
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["new", "../mine"]) == 3
    assert path.read_bytes() == before
    assert not (project.data / "mine.yml").exists()


def test_the_version_says_which_evaluation_runs_and_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("jcurve 0")
    monkeypatch.setenv("JCURVE_ENGINE", "numpy")
    assert main(["--version", "--verbose"]) == 0
    assert "evaluation: NumPy, by JCURVE_ENGINE=numpy" in capsys.readouterr().out
    assert main(["--verbose"]) == 2
