"""Where a report's numbers come from: what determines them, and what merely happened.

``provenance.json`` beside the edition holds both. Two runs that agree in what determines the
numbers must agree everywhere; host, times and file hashes differ from run to run.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jcurve.ground.files import combined
from jcurve.ground.processes import run_process
from jcurve.ground.project import Project

_LIBRARIES = (
    "numpy",
    "pandas",
    "scipy",
    "matplotlib",
    "pydantic",
    "papermill",
    "nbconvert",
    "typst",
)
_GIT_DEADLINE = 10.0
_MODEL = (
    *("analysis", "assumptions", "engine", "evaluation", "facts", "ground", "lines"),
    *("case.py", "company.py"),
)


def determinants(
    scenario: str, scenario_hash: str, project: Project, *, seed: int | None = None
) -> dict[str, object]:
    """What determines the numbers of a report on a scenario in ``project``, as plain data.

    Args:
        scenario: its name.
        scenario_hash: of its canonical form, overrides included.
        seed: of random draws; None when there are none.

    Raises:
        FactsError: a data file cannot be read.
    """
    package = Path(__file__).parents[1]
    return {
        "scenario": scenario,
        "scenario_hash": scenario_hash,
        "seed": seed,
        "package": _version("jcurve") or "not installed",
        "source": combined(package, _written(package)),
        "commit": _commit(project.root),
        "python": platform.python_version(),
        "libraries": {name: at for name in _LIBRARIES if (at := _version(name))},
        "inputs": inputs(project),
    }


def circumstances() -> dict[str, str]:
    """The machine and interpreter of this run: they do not change the numbers."""
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "processors": str(os.cpu_count()),
    }


def model_source() -> str:
    """One hash of the sources that decide what the model answers."""
    package = Path(__file__).parents[1]
    return combined(package, (file for name in _MODEL for file in _written(package / name)))


def _written(place: Path) -> Iterable[Path]:
    """A module, or the modules of a folder and the tables that stand beside them."""
    every = [place] if place.is_file() else place.rglob("*")
    return (path for path in every if path.suffix in (".py", ".csv"))


def calculation(project: Project) -> dict[str, str]:
    """What an answer rests on beside its scenario; where two agree, so do the bytes.

    Raises:
        FactsError: a data file cannot be read.
    """
    data = "".join(f"{name}\0{hashed}\n" for name, hashed in inputs(project).items())
    libraries = {name: at for name in ("numpy", "scipy") if (at := _version(name))}
    return {
        "package": _version("jcurve") or "not installed",
        "model": model_source()[:12],
        "data": sha256(data.encode()).hexdigest()[:12],
        **libraries,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def inputs(project: Project) -> dict[str, str]:
    """Hash by file or folder under ``data/``, scenarios apart.

    Raises:
        FactsError: a data file cannot be read.
    """
    hashes = {}
    for entry in sorted(project.data.iterdir()):
        if entry.name.startswith(".") or entry == project.scenarios:
            continue  # of the scenarios only one counts, and it has its own hash
        name = entry.relative_to(project.root).as_posix()
        files = [entry] if entry.is_file() else entry.rglob("*")
        hashes[name] = combined(entry.parent, files)
    return hashes


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit(root: Path) -> dict[str, object] | None:
    """The project's commit, and whether tracked files differ from it; None outside git."""
    answer = _git(root, "rev-parse", "--show-toplevel", "HEAD")
    if answer is None:
        return None
    top, _, commit = answer.partition("\n")
    if Path(top).resolve() != root.resolve():
        return None  # the project merely lies inside some other repository
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return {"id": commit, "dirty": bool(changed)}


def _git(root: Path, *arguments: str) -> str | None:
    # Status must not take git's lock: the user may be committing at this moment.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        finished = run_process(
            ["git", "-C", str(root), *arguments], deadline=_GIT_DEADLINE, env=environment
        )
    except OSError:
        return None
    return finished.out_tail.strip() if finished.exit_status == 0 else None
