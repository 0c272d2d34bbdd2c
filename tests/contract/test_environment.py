"""What the project promises of itself: versions agree, pins hold, nothing of a machine."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import jcurve
from tests.conftest import TOGETHER
from tests.support.notebooks import shipped_notebooks

HOME = Path(__file__).resolve().parents[2]
NOTEBOOKS = shipped_notebooks()
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {"linux": "Linux", "darwin": "Darwin"}
LINUX = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
CONDA_OWN = {"python", "pip"}
_PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))?(?: \\)?")


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))


def runtime() -> list[Requirement]:
    return [Requirement(text) for text in project()["project"]["dependencies"]]


EXTRAS = ("lab", "excel", "simulate", "cluster", "scripts", "fast")
"""What a user may add to a report; ``dev`` holds all of them and what the tests need."""


def wanted(extra: str | None = None) -> list[Requirement]:
    """Every requirement of a report and of an extra; a report's with what installs the project."""
    texts = project()["project"]["optional-dependencies"][extra] if extra else []
    texts = [*texts, *project()["dependency-groups"]["build"]]
    found = runtime() + [Requirement(text) for text in texts]
    if extra == "dev":
        return [each for each in found if each.name != "jcurve"] + [
            each for name in EXTRAS for each in wanted(name)
        ]
    return found


def tracked() -> list[Path]:
    """Every text file of the project that is not built or fetched."""
    git = shutil.which("git")
    if git is None or not (HOME / ".git").exists():
        pytest.skip("not a git checkout")
    command = [git, "-C", str(HOME), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    paths = [HOME / name for name in names if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]


def pins(name: str = "dev") -> Iterator[tuple[Requirement, list[str]]]:
    """Each pin of a requirements file with its hashes."""
    text = (HOME / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text.strip()):
        first, *rest = entry.splitlines()
        found = _PIN.fullmatch(first)
        assert found, f"not a pin: {first}"
        marker = f" ; {found['marker']}" if found["marker"] else ""
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})(?= |$)", " ".join(rest))
        yield Requirement(f"{found['name']}=={found['version']}{marker}"), hashes


def test_conda_and_pip_ask_for_the_same_versions() -> None:
    """``environment.yml`` names python, pip and packages of ``pyproject.toml``, alike."""
    environment = yaml.safe_load((HOME / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    *named, pip = environment["dependencies"]
    (editable,) = pip["pip"]
    found = re.fullmatch(r"-e \.\[([a-z,]+)\]", editable)
    assert found
    extras = found[1].split(",")
    asked = {canonicalize_name(r.name): r.specifier for r in map(Requirement, named)}
    assert asked.keys() > CONDA_OWN
    assert asked.pop("python") == SpecifierSet(project()["project"]["requires-python"])
    assert asked.pop("pip") == SpecifierSet()
    brought = [each for extra in extras for each in wanted(extra)]
    ours = {canonicalize_name(r.name): r.specifier for r in brought}
    assert asked == {name: ours[name] for name in asked}


def test_the_package_tells_its_version_and_licence() -> None:
    """One version everywhere, and the licence that it names."""
    about = project()["project"]
    assert jcurve.__version__ == about["version"]
    assert about["license"] == "Apache-2.0"
    text = (HOME / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_pin_is_exact_hashed_and_without_address() -> None:
    """Any index that serves the same bytes will do; no index is named."""
    for path in (HOME / "requirements").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert re.findall(r"^\s*--(?!hash)", text, re.MULTILINE) == []
    found = list(pins())
    assert len(found) > 100
    for pin, hashes in found:
        assert hashes, f"{pin.name} has no hash"
        assert len(set(hashes)) == len(hashes), pin.name
        assert all(s.operator == "==" for s in pin.specifier), pin.name


def test_whatever_is_installed_together_is_the_same() -> None:
    """A report's pins and an extra's are among those that are tested."""
    tested = {(pin.name, str(pin.specifier)) for pin, _ in pins()}
    for name in ("report", *EXTRAS):
        assert {(pin.name, str(pin.specifier)) for pin, _ in pins(name)} <= tested, name
    names = {path.stem for path in (HOME / "requirements").iterdir()}
    assert names == {"report", "dev", *EXTRAS}
    assert {*project()["project"]["optional-dependencies"]} == {"dev", *EXTRAS}


@pytest.mark.parametrize("extra", [None, *EXTRAS, "dev"])
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_the_pins_cover_the_project(python: str, system: str, extra: str | None) -> None:
    """On each Python and system every requirement has one pin, and the pin satisfies it."""
    names = ["report"] if extra is None else ["dev"] if extra == "dev" else ["report", extra]
    environment = {
        **LINUX,
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "platform_system": SYSTEMS[system],
    }
    here: dict[str, list[Version]] = {}
    for pin, _ in (each for name in names for each in pins(name)):
        if pin.marker is None or pin.marker.evaluate(environment):
            (exact,) = pin.specifier
            here.setdefault(canonicalize_name(pin.name), []).append(Version(exact.version))
    twice = [name for name, versions in here.items() if len(set(versions)) > 1]
    assert twice == []
    lacking = [
        str(each)
        for each in wanted(extra)
        if not any(each.specifier.contains(v) for v in here.get(canonicalize_name(each.name), []))
    ]
    assert lacking == [], "run `make lock`"


def brought(extra: str | None) -> set[str]:
    """Distributions that pip installs with the project on Python 3.13 and Linux, itself apart, as
    those that are installed here say what they need."""
    environment = {"python_version": "3.13", "python_full_version": "3.13.9", **LINUX}
    found: set[tuple[str, str]] = set()
    extras = project()["project"]["optional-dependencies"]
    ahead = runtime() + [Requirement(text) for text in (extras[extra] if extra else ())]
    while ahead:
        asked = ahead.pop()
        name = canonicalize_name(asked.name)
        for part in {"", *asked.extras} - {part for known, part in found if known == name}:
            found.add((name, part))
            needed = map(Requirement, distribution(name).requires or ())
            ahead += [
                each
                for each in needed
                if each.marker is None or each.marker.evaluate(environment | {"extra": part})
            ]
    return {name for name, _ in found}


def test_the_readme_counts_what_each_extra_brings() -> None:
    """The project itself with all that it needs."""
    text = (HOME / "README.md").read_text(encoding="utf-8")
    row = r"^\| [^|]+ \| `jcurve(?:\[(\w+)\])?` \| (\d+) \| \d+ \|$"
    rows = re.findall(row, text, re.MULTILINE)
    assert {extra for extra, _ in rows} == {"", *EXTRAS}
    counted = {extra: 1 + len(brought(extra or None)) for extra, _ in rows}
    assert {extra: int(count) for extra, count in rows} == counted


def test_extras_are_installed_with_the_pins_that_they_rest_on() -> None:
    """An installer that checks hashes asks for one of every package needed, installed or not."""
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    commands = [line for line in makefile.splitlines() if line.startswith("\t@$(PINNED)")]
    files = [set(re.findall(r"\$\(PINS\)/(\w+)\.txt", line)) for line in commands]
    assert {"lab", "excel", "simulate", "report"} in files
    whole = {"report", "dev"}  # each with all that it needs
    assert [names for names in files if not names & whole] == [{"fast"}]
    assert {pin.name for pin, _ in pins("fast")} == {"llvmlite"}


def test_the_pythons_tested_are_those_supported() -> None:
    """The versions above are exactly what the project admits."""
    admitted = SpecifierSet(project()["project"]["requires-python"])
    around = [f"3.{minor}" for minor in range(9, 17)]
    assert [each for each in around if admitted.contains(f"{each}.1")] == list(PYTHONS)
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"\((\d+), (\d+)\) <= sys\.version_info\[:2\] <= \((\d+), (\d+)\)", makefile)
    assert found
    first, last = f"{found[1]}.{found[2]}", f"{found[3]}.{found[4]}"
    assert (first, last) == (PYTHONS[0], PYTHONS[-1])
    assert f"Python {first} to {last}" in makefile
    assert f"Python {first} to {last}" in (HOME / "README.md").read_text(encoding="utf-8")


MACHINE = (
    *("/" + folder + "/" for folder in ("root", "work", "workspace")),
    *(rf"/{folder}/[a-z]\w*/" for folder in ("home", "Users")),
    r"[A-Z]:\\\\?Users",
    "/private/" + "var/",
)
HOSTS = tuple(
    re.escape(host)
    for host in (
        *("py" + name for name in ("pi.org", "pi.python.org", "thonhosted.org")),
        *("registry." + name for name in ("npmjs.org", "yarnpkg.com")),
        *("anaconda." + name for name in ("org", "com")),
        *("deb" + name for name in (".debian.org", "ian.org/debian")),
        *("artifact" + name for name in ("ory", "s.")),
    )
)


@pytest.mark.parametrize("words", [MACHINE, HOSTS], ids=["machine", "registry"])
def test_no_file_names_a_machine_or_a_registry(words: tuple[str, ...]) -> None:
    """The project is the same wherever it lies and whatever index it is installed from."""
    sought = re.compile("|".join(words))
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if sought.search(line):
                found.append(f"{path.relative_to(HOME)}:{number}: {line.strip()[:100]}")
    assert found == []


def cells(path: Path) -> list[dict[str, Any]]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return list(notebook["cells"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    """Neither outputs nor counts: a diff shows what somebody wrote."""
    for number, cell in enumerate(cells(path)):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], f"cell {number}"
            assert cell["execution_count"] is None, f"cell {number}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_parameters_that_are_literals(path: Path) -> None:
    """A report's first code cell is tagged, holds one literal a line, and comments each."""
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    first = code[0]
    tagged = ["parameters" in cell["metadata"].get("tags", []) for cell in code]
    assert not any(tagged[1:])
    assert tagged[0] or not path.stem.endswith("_report")
    if not tagged[0]:
        return  # a notebook to work in, not a report
    source = "".join(first["source"])
    names = set()
    for statement in ast.parse(source).body:
        assert isinstance(statement, ast.Assign | ast.AnnAssign), ast.unparse(statement)
        assert statement.value is not None
        ast.literal_eval(statement.value)
        target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
        names.add(ast.unparse(target))
    if path.stem.endswith("_report"):
        assert {"scenario", "overrides", "view", "out"} <= names
    for line in source.splitlines():
        assert not line.strip() or "#" in line, f"no comment: {line}"


def test_what_runs_together_is_there() -> None:
    places = {each.partition("::")[0] for unit in TOGETHER for each in unit}
    assert [place for place in places if not list(HOME.glob(f"{place}*"))] == []


def test_generated_and_local_files_are_not_in_git() -> None:
    """What a run, a build or an editor leaves is ignored."""
    names = [path.relative_to(HOME).as_posix() for path in tracked()]
    stray = re.compile(
        r"(^|/)(\.venv|__pycache__|\.ipynb_checkpoints|build|dist)/|\.(pyc|tmp|log)$"
    )
    assert [name for name in names if stray.search(name)] == []
    kept = {"reports/schedule.yml", "reports/README.md"}
    assert [n for n in names if n.startswith("reports/") and n not in kept] == []
