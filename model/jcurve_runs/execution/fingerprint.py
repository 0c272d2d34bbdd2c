"""Hashes of what determines a run beside its scenario: the code and the libraries."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

import jcurve
from jcurve.assumptions.house_style import read_house_style
from jcurve.ground.files import combined
from jcurve.ground.project import Project
from jcurve.ground.provenance import calculation, inputs

_PACKAGES = (Path(jcurve.__file__).parent, Path(__file__).parents[1])


def loaded_files(project: Project) -> str:
    """One hash of the package's and the project's files that a process may have loaded."""
    scenarios = combined(project.scenarios, files_below(project.scenarios))
    return hashed([package(), inputs(project), scenarios])


def circumstance(project: Project) -> dict[str, str]:
    """What an edition rests on beside its plan; where two machines agree, so do the bytes."""
    parts = {
        "runs": package(),
        "packages": environment(),
        "house style": hashed(repr(read_house_style(project.reports))),
    }
    return calculation(project) | {name: each[:12] for name, each in parts.items()}


def package() -> str:
    """The files of model and runs."""
    return hashed([combined(package, files_below(package)) for package in _PACKAGES])


def files_below(folder: Path) -> Iterable[Path]:
    """Every file of a folder but what Python has compiled."""
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(base) / name for name in names)


@cache
def environment() -> str:
    """Every installed library with its version, the interpreter and the kind of machine."""
    installed = sorted(
        {
            entry.name
            for folder in sys.path
            if os.path.isdir(folder)
            for entry in os.scandir(folder)
            if entry.name.endswith((".dist-info", ".egg-info"))
        }
    )
    machine = (platform.system(), platform.machine())
    return hashed([platform.python_version(), *machine, installed])


def hashed(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return sha256(text.encode()).hexdigest()
