"""What a module may import, touch and know, read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
PACKAGE = HOME / "model" / "jcurve"
PACKAGES = ("jcurve", "jcurve_studies", "jcurve_runs")
MODULES = sorted(path for name in PACKAGES for path in (HOME / "model" / name).rglob("*.py"))

LAYERS: tuple[tuple[str, ...], ...] = tuple(
    tuple(f"{line.partition(':')[0]}.{room}" for room in line.partition(":")[2].split())
    for line in (HOME / "CONTRIBUTING.md")
    .read_text(encoding="utf-8")
    .partition("```text\n")[2]
    .partition("```")[0]
    .splitlines()
)
"""From the ground up, as CONTRIBUTING draws it. A module imports from layers below its own, never
beside or above."""

ONLY = {
    "jcurve.engine": {"jcurve.ground.errors", "jcurve.ground.quarters", "jcurve.ground.units"},
    "jcurve.lines": {"jcurve.engine", "jcurve.ground.units"},
}
"""The engine knows no finance; lines know nothing but the engine and units."""

PURE = ("engine", "lines")
WORLDLY = """
    IPython argparse asyncio csv datetime glob http io json logging matplotlib multiprocessing
    nbclient nbconvert nbformat os pandas papermill pathlib random requests scipy secrets shutil
    socket sqlite3 subprocess tempfile threading time typst urllib uuid yaml
"""
"""What holds files, clocks, randomness, tables or notebooks: not for pure rows."""

DISK = """
    assumptions briefing commands company evaluation facts figures ground workbench workbook
"""
"""The rooms of the model that may read the disk; every room of the sisters may."""

EDGES = {"jcurve/analysis/draw_stores.py"}
"""Modules of other rooms that may."""

READS = {"open", "read_text", "read_bytes", "glob", "rglob", "iterdir", "exists", "is_file", "stat"}
WRITES = {"write_text", "write_bytes", "touch", "mkdir", "makedirs", "mkstemp"}
HELPERS = ("jcurve/ground/processes.py", "jcurve_runs/execution/warm_executor.py")
"""Where processes are started."""

SPAWNS = {"subprocess.Popen", "os.system", "os.popen", "os.fork", "os.execv", "os.spawnv"}

FORKS = {"jcurve_runs/execution/warm_server.py", "jcurve_runs/execution/warm_kernel.py"}
"""A warm kernel is a fork of a process that has imported everything."""


def room_of(path: Path) -> str:
    """The room of a module, its package first: a folder, or the module itself at the top."""
    package, *rest = path.relative_to(HOME / "model").with_suffix("").parts
    return f"{package}.{rest[0]}"


def within(path: Path) -> str:
    """A module's path inside ``model/``."""
    return path.relative_to(HOME / "model").as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports, also inside functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{at(path, node.lineno)}: a relative import"
            names = {alias.name for alias in node.names}
            if not (node.module == "jcurve" and names == {"__version__"}):
                yield node.lineno, node.module or ""


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(HOME)}:{line}"


def calls(path: Path) -> Iterator[tuple[int, str, ast.Call]]:
    """Line and last name of each call."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            target = node.func
            if isinstance(target, ast.Attribute):
                yield node.lineno, target.attr, node
            elif isinstance(target, ast.Name):
                yield node.lineno, target.id, node


def test_imports_run_downward_only() -> None:
    """Each module imports from lower layers; a new room needs its place in CONTRIBUTING."""
    rank = {name: level for level, names in enumerate(LAYERS) for name in names}
    wrong = []
    for path in MODULES:
        own = room_of(path)
        assert own in rank, f"{own} has no place in CONTRIBUTING"
        for line, target in imports(path):
            root, _, rest = target.partition(".")
            if root not in PACKAGES or (own == "jcurve_runs.__init__" and root == "jcurve_runs"):
                continue
            other = f"{root}.{rest.partition('.')[0] or '__init__'}"
            assert other in rank, f"{at(path, line)}: {other} has no place in CONTRIBUTING"
            if root not in ("jcurve", own.partition(".")[0]):
                wrong.append(f"{at(path, line)}: one sister imports the other")
            if other != own and rank[other] >= rank[own]:
                wrong.append(f"{at(path, line)}: {own} imports {other}")
            if other != own and not {target, other} & ONLY.get(own, {other}):
                wrong.append(f"{at(path, line)}: {own} may know only {', '.join(ONLY[own])}")
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Whatever is read first needs nothing that is read later, inside a room either."""
    known = {
        within(path).removesuffix(".py").replace("/", "."): path
        for path in MODULES
        if path.name != "__init__.py" and within(path).startswith(f"{package}/")
    }
    below = {
        name: {target for _, target in imports(path) if target in known}
        for name, path in known.items()
    }
    while free := [name for name, targets in below.items() if not targets & below.keys()]:
        for name in free:
            del below[name]
    assert below == {}


@pytest.mark.parametrize("package", PURE)
def test_rows_are_pure(package: str) -> None:
    """No file, clock, randomness, table or notebook in the engine and the lines."""
    wrong = []
    for path in (PACKAGE / package).rglob("*.py"):
        for line, target in imports(path):
            if target.partition(".")[0] in WORLDLY.split() or target.startswith("numpy.random"):
                wrong.append(f"{at(path, line)}: imports {target}")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Global | ast.Nonlocal):
                wrong.append(f"{at(path, node.lineno)}: {type(node).__name__.lower()}")
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == "np.random":
                wrong.append(f"{at(path, node.lineno)}: np.random")
    assert wrong == []


def test_only_the_edge_touches_the_disk() -> None:
    """Everything between the facts and the reports is handed what it needs."""
    wrong = [
        f"{at(path, line)}: {name}"
        for path in MODULES
        if within(path).startswith("jcurve/")
        and room_of(path).partition(".")[2] not in DISK.split()
        and within(path) not in EDGES
        for line, name, _ in calls(path)
        if name in READS
    ]
    assert wrong == []


def test_files_are_written_and_processes_started_in_one_place() -> None:
    """Whole or not at all, in a group with a deadline: only the helpers do either."""
    wrong = []
    for path in MODULES:
        for line, name, call in calls(path):
            if within(path) != "jcurve/ground/files.py" and (name in WRITES or writes(name, call)):
                wrong.append(f"{at(path, line)}: {name} (use jcurve.ground.files)")
            if name == "fork" and within(path) in FORKS:
                continue
            if within(path) not in HELPERS and ast.unparse(call.func) in SPAWNS:
                wrong.append(f"{at(path, line)}: {name} (use jcurve.ground.processes)")
        for line, target in imports(path):
            if within(path) not in HELPERS and target == "subprocess":
                wrong.append(f"{at(path, line)}: subprocess (use jcurve.ground.processes)")
    assert wrong == []


def writes(name: str, call: ast.Call) -> bool:
    """Whether a call opens a file to write."""
    if name != "open":
        return False
    values = [*call.args, *(word.value for word in call.keywords if word.arg == "mode")]
    modes = [value.value for value in values if isinstance(value, ast.Constant)]
    return any(isinstance(m, str) and re.fullmatch(r"[rbt+]*[wax][wabxt+]*", m) for m in modes)


def test_a_module_finds_its_own_files_and_nothing_above_the_package() -> None:
    """``__file__`` leads to fonts and style sheets beside a module, never to the project."""
    wrong = []
    for path in MODULES:
        depth = len(path.relative_to(HOME / "model").parts) - 2
        parents = parents_in(tree(path))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Name) and node.id == "__file__":
                steps = climbed(node, parents)
                if steps is None or steps > depth:
                    wrong.append(f"{at(path, node.lineno)}: climbs {steps} folders of {depth}")
    assert wrong == []


def parents_in(module: ast.Module) -> dict[int, ast.AST]:
    """Each node's parent, by the node's identity."""
    return {id(kid): node for node in ast.walk(module) for kid in ast.iter_child_nodes(node)}


def climbed(node: ast.AST, parents: dict[int, ast.AST]) -> int | None:
    """How many folders above its own an expression on ``__file__`` climbs; None if unclear."""
    call = parents[id(node)]
    if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "Path"):
        return None
    steps, current = -1, parents[id(call)]
    while isinstance(current, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(current, ast.Attribute) and current.attr in ("parent", "with_name"):
            steps += 1
        elif isinstance(current, ast.Subscript):
            if not isinstance(current.slice, ast.Constant):
                return None
            steps += int(current.slice.value) + 1
        current = parents[id(current)]
    return steps


@pytest.mark.parametrize(
    ("expression", "steps"),
    [
        ('Path(__file__).with_name("x")', 0),
        ("Path(__file__).parent", 0),
        ("Path(__file__).parents[1]", 1),
        ("Path(__file__).resolve().parent.parent", 1),
        ("Path(__file__).parents[n]", None),
        ("os.path.dirname(__file__)", None),
    ],
)
def test_the_reading_of_file_expressions(expression: str, steps: int | None) -> None:
    """The rule above can fail."""
    module = ast.parse(f"found = {expression}")
    parents = parents_in(module)
    (name,) = (n for n in ast.walk(module) if isinstance(n, ast.Name) and n.id == "__file__")
    assert climbed(name, parents) == steps


def test_public_names_exist_and_every_module_says_what_it_is() -> None:
    """A docstring on every module, and ``__all__`` on every package that does more than say what
    it is; every name in it is defined. In a module an underscore says what is private."""
    wrong = []
    for path in MODULES:
        if not ast.get_docstring(tree(path)):
            wrong.append(f"{at(path, 1)}: no docstring")
        if path.name == "__main__.py":
            continue
        names = exported(tree(path))
        if names is None and has_code(tree(path)) and path.stem == "__init__":
            wrong.append(f"{at(path, 1)}: no __all__")
        for name in names or ():
            if name not in defined(tree(path)):
                wrong.append(f"{at(path, 1)}: __all__ names {name}")
    assert wrong == []


def exported(module: ast.Module) -> list[str] | None:
    for node in module.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__":
            value = node.value  # type: ignore[attr-defined]
            return [str(each) for each in ast.literal_eval(value)]
    return None


def has_code(module: ast.Module) -> bool:
    return len(module.body) > 1


def defined(module: ast.Module) -> set[str]:
    """Names bound at the top level, under ``if TYPE_CHECKING`` or in a lazy table as well."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found
