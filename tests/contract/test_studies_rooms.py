"""The rooms of ``jcurve_studies`` tell a newcomer what they are, and their examples run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import jcurve_studies

HOME = Path(jcurve_studies.__file__).parent
ROOMS = ["", *sorted(f".{path.parent.name}" for path in HOME.glob("*/__init__.py"))]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_and_its_example_runs(room: str) -> None:
    module = import_module(f"jcurve_studies{room}")
    assert module.__doc__
    assert len(module.__doc__.splitlines()) <= 14
    found = doctest.testmod(module)
    assert (found.attempted > 0, found.failed) == (True, 0)


def test_no_module_is_long_and_no_name_stands_twice() -> None:
    """At most 400 lines; a module is called once in the package."""
    modules = [path for path in HOME.rglob("*.py") if path.name != "__init__.py"]
    assert [path.name for path in modules if len(path.read_text().splitlines()) > 400] == []
    names = [path.stem for path in modules]
    assert sorted(names) == sorted(set(names))
