"""The rooms of the workbook and the workbench tell a newcomer what they are; their examples run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import jcurve

HOME = Path(jcurve.__file__).parent
ROOMS = ("workbook", "workbench")
EXAMPLES = ("cell_styles", "fingerprints", "grid", "step_names", "translate")


@pytest.mark.parametrize("name", [*ROOMS, *(f"workbook.{name}" for name in EXAMPLES)])
def test_an_example_runs(name: str) -> None:
    module = import_module(f"jcurve.{name}")
    assert module.__doc__
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_no_module_is_long_and_no_name_stands_twice() -> None:
    """At most 400 lines; a module of these rooms is called once in the package."""
    own = [path for room in ROOMS for path in (HOME / room).glob("*.py")]
    assert [path.name for path in own if len(path.read_text().splitlines()) > 400] == []
    names = [path.stem for path in HOME.rglob("*.py")]
    assert [
        path.name for path in own if path.stem != "__init__" and names.count(path.stem) > 1
    ] == []
