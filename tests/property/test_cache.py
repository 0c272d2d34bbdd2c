"""What is kept from one process to the next is the same as what is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from jcurve.ground import cache
from jcurve.ground.cache import remembered, rooms

HEAVY = ("pandas", "scipy", "pydantic", "matplotlib", "yaml")
OWN = rooms("ground")


class Maker:
    """Makes a thing, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> dict[str, object]:
        self.made += 1
        return {"row": np.arange(6.0).reshape(3, 2), "frozen": MappingProxyType({"a": (1, 2)})}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JCURVE_CACHE", str(tmp_path))
    return tmp_path


def test_it_is_made_once(folder: Path) -> None:
    make = Maker()
    first, second = (remembered("a thing", OWN, make) for _ in range(2))
    assert make.made == 1
    np.testing.assert_array_equal(first["row"], second["row"])
    assert first["frozen"] == second["frozen"]
    assert not second["row"].flags.writeable
    remembered("another", OWN, make)
    assert make.made == 2


@pytest.mark.parametrize("damage", [b"", b"no pickle", b"cut"])
def test_what_is_damaged_is_made_anew(folder: Path, damage: bytes) -> None:
    make = Maker()
    remembered("a thing", OWN, make)
    (path,) = folder.glob("*.kept")
    path.write_bytes(path.read_bytes()[:-9] if damage == b"cut" else damage)
    assert remembered("a thing", OWN, make)["frozen"] == {"a": (1, 2)}
    assert make.made == 2


def test_whole_but_no_pickle(folder: Path) -> None:
    make = Maker()
    remembered("a thing", OWN, make)
    (path,) = folder.glob("*.kept")
    content = b"of another time"
    path.write_bytes(cache.sha256(content).hexdigest().encode() + b"\n" + content)
    remembered("a thing", OWN, make)
    assert make.made == 2


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("JCURVE_CACHE", str(tmp_path / "file" / "below"))
    make = Maker()
    for _ in range(2):
        remembered("a thing", OWN, make)
    assert make.made == 2


def test_sources_newer_than_the_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_STARTED", 0.0)
    make = Maker()
    remembered("a thing", OWN, make)
    assert list(folder.glob("*")) == []


def test_show_imports_nothing_heavy() -> None:
    """Once the base scenario, the model and the best size are kept."""
    code = (
        "import sys; from jcurve.commands import main; main(['show', 'base']); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    for _ in range(2):
        made = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
    assert made.stdout.splitlines()[-1] == "[]"
