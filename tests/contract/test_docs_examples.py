"""What the README and the written pages tell a reader to type works as written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from jcurve.assumptions import parse_override, scenario
from jcurve.assumptions.cases import sweeps
from jcurve.case import evaluate
from jcurve.commands.command_line import known_verbs
from jcurve.commands.verb import read_arguments

HOME = Path(__file__).resolve().parents[2]
PAGES = ("method", "how-to", "engine", "risk", "own-notebooks")
WRITTEN = [
    HOME / "README.md",
    HOME / "CONTRIBUTING.md",
    *(HOME / "docs" / f"{name}.md" for name in PAGES),
]
NAMES = [path.name for path in WRITTEN]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


def commands(path: Path) -> Iterator[str]:
    """Every ``jcurve …`` that stands in a block or as code in a sentence."""
    text = path.read_text(encoding="utf-8")
    for block in blocks(path, "sh"):
        yield from (line for line in block.splitlines() if line.startswith("jcurve "))
    yield from re.findall(r"`(jcurve [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


@pytest.mark.parametrize(
    "path", [HOME / "README.md", HOME / "docs" / "how-to.md"], ids=lambda p: p.name
)
def test_python_examples_run(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, as a reader would paste them."""
    monkeypatch.chdir(HOME)
    names: dict[str, object] = {}
    found = blocks(path, "python")
    assert found
    for block in found:
        exec(compile(block, path.name, "exec"), names)
    capsys.readouterr()


@pytest.mark.parametrize("path", WRITTEN, ids=NAMES)
def test_commands_are_understood(path: Path) -> None:
    """Every command parses, its scenario exists, its overrides validate, its line can be traced."""
    for command in commands(path):
        words = shlex.split(command, comments=True)[1:]
        if len(words) == 1 or "NAME" in words or words[-1].isupper():
            continue
        chosen = read_arguments(words, known_verbs())
        overrides = dict(parse_override(text) for text in getattr(chosen, "sets", ()))
        named = getattr(chosen, "scenario", None)
        for name in [named] if isinstance(named, str) else named or ["base"]:
            if name != "my_case":
                scenario(name, overrides, project=HOME)
        steps = getattr(chosen, "sweep", None)
        for case in sweeps(steps) if steps else ():
            scenario(case.scenario, case.overrides, project=HOME)
        if chosen.command == "trace":
            evaluate(project=HOME).trace(chosen.line, chosen.at, depth=1)


def test_the_readme_names_every_verb() -> None:
    """A command that the README does not show is a command that nobody finds."""
    shown = " ".join(commands(HOME / "README.md"))
    assert [verb for verb in known_verbs() if f"jcurve {verb}" not in shown] == []


@pytest.mark.parametrize("path", WRITTEN, ids=NAMES)
def test_targets_of_make_exist(path: Path) -> None:
    """Every ``make x`` is a target of the Makefile."""
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    told = re.findall(r"(?:`|^)make ([a-z ]+?)(?:`|  |\n)", path.read_text(encoding="utf-8"), re.M)
    unknown = {word for words in told for word in words.split()} - targets
    assert unknown == set()


def test_two_commands_are_all() -> None:
    """The README's first block has two lines: the report and the tests."""
    first = blocks(HOME / "README.md", "sh")[0].splitlines()
    assert [line.partition("#")[0].strip() for line in first] == ["make report", "make test"]


def test_local_hooks_fetch_nothing() -> None:
    """Pre-commit runs the project's own tools, the same that ``make test`` runs."""
    config = yaml.safe_load((HOME / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = {hook["id"]: hook for hook in config["repos"][0]["hooks"]}
    assert {"ruff", "ruff-format", "mypy", "strip-notebooks"} <= hooks.keys()
    for hook in hooks.values():
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
