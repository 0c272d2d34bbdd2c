"""Rooms tell a newcomer what they are, and their examples run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import jcurve
import jcurve_runs
import jcurve_studies

HOMES = [Path(package.__path__[0]) for package in (jcurve, jcurve_runs, jcurve_studies)]
ROOMS = [
    "jcurve_studies",
    *sorted(
        f"{home.name}.{path.parent.name}" for home in HOMES for path in home.glob("*/__init__.py")
    ),
]
EXAMPLES = (
    "briefing.widths",
    *("workbook.cell_styles", "workbook.fingerprints", "workbook.grid", "workbook.step_names"),
    "workbook.translate",
)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_and_its_example_runs(room: str) -> None:
    module = import_module(room)
    assert module.__doc__
    assert len(module.__doc__.partition(">>>")[0].splitlines()) <= 12
    found = doctest.testmod(module)
    assert (found.attempted > 0, found.failed) == (True, 0)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str) -> None:
    module = import_module(f"jcurve.{name}")
    assert module.__doc__
    found = doctest.testmod(module)
    assert (found.attempted > 0, found.failed) == (True, 0)


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_no_module_is_long_and_no_name_stands_twice(home: Path) -> None:
    """At most 400 lines; a module is called once in the package."""
    modules = [path for path in home.rglob("*.py") if path.name != "__init__.py"]
    assert [path.name for path in modules if len(path.read_text().splitlines()) > 400] == []
    names = [path.stem for path in modules]
    assert sorted(names) == sorted(set(names))
