"""Rooms tell a newcomer what they are, and their examples run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import jcurve_runs

HOME = Path(jcurve_runs.__file__).parent
ROOMS = [
    *sorted(f"jcurve_runs.{path.parent.name}" for path in HOME.glob("*/__init__.py")),
    *("jcurve.assumptions", "jcurve.briefing", "jcurve.evaluation"),
]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_and_its_example_runs(room: str) -> None:
    module = import_module(room)
    assert module.__doc__
    assert len(module.__doc__.splitlines()) <= 14
    assert doctest.testmod(module).failed == 0


def test_every_name_of_the_door_leads_somewhere() -> None:
    for name in jcurve_runs.__all__:
        assert getattr(jcurve_runs, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = jcurve_runs.nothing


def test_no_module_is_long_and_no_name_stands_twice() -> None:
    """At most 400 lines; a module is called once in the package."""
    modules = [path for path in HOME.rglob("*.py") if path.name != "__init__.py"]
    assert [path.name for path in modules if len(path.read_text().splitlines()) > 400] == []
    names = [path.stem for path in modules]
    assert sorted(names) == sorted(set(names))
