"""A table is read once in a process, until its file changes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from jcurve.facts.tables import by_key
from jcurve.ground.errors import FactsError


@dataclass(frozen=True, slots=True)
class Fruit:
    key: str
    weight: float


def _write(folder: Path, text: str, seconds: int) -> None:
    (folder / "fruit.csv").write_text(f"key,weight\n{text}")
    os.utime(folder / "fruit.csv", (seconds, seconds))


def test_it_is_read_again_when_its_file_changes(tmp_path: Path) -> None:
    _write(tmp_path, "apple,1\n", 1_000_000_000)
    first = by_key(tmp_path, "fruit.csv", Fruit)
    assert by_key(tmp_path, "fruit.csv", Fruit) is first
    _write(tmp_path, "apple,2\n", 1_000_000_001)
    assert by_key(tmp_path, "fruit.csv", Fruit)["apple"].weight == 2


def test_other_known_names_are_looked_at_anew(tmp_path: Path) -> None:
    _write(tmp_path, "apple,1\n", 1_000_000_000)
    assert by_key(tmp_path, "fruit.csv", Fruit, {"key": ("apple",)})
    with pytest.raises(FactsError, match="apple"):
        by_key(tmp_path, "fruit.csv", Fruit, {"key": ("pear",)})


def test_a_file_of_this_moment_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "fruit.csv").write_text("key,weight\napple,1\n")
    first = by_key(tmp_path, "fruit.csv", Fruit)
    assert by_key(tmp_path, "fruit.csv", Fruit) is not first
