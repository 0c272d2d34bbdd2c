"""Which reports there are, what each tells, and what it takes: read from the notebooks."""

from __future__ import annotations

import io
import json
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jcurve.briefing.parameters import declared_parameters
from jcurve.ground.project import Project
from jcurve_runs.plan.request import reports_of

_OPTIONS = {
    "scenario": "-s SCENARIO",
    "overrides": "--set KEY=VALUE",
    "view": "--view VIEW",
    "out": "",
}
"""How a run sets the parameters that every report has; empty: by itself."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A parameter: its default, what its comment says, and the option that sets it."""

    name: str
    default: Any
    meaning: str
    option: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A report."""

    name: str  # as the command line calls it
    title: str  # its notebook's first heading
    about: str  # the paragraph under it
    # what it takes, in the notebook's order; the folder for results left out
    parameters: tuple[Taken, ...]

    def lines(self) -> Iterator[str]:
        """The entry for a terminal."""
        yield f"{self.name}: {self.about}"
        width = max(len(each.option) for each in self.parameters)
        for each in self.parameters:
            yield f"  {each.option.ljust(width)}  {each.meaning} (default: {each.default!r})"


def catalogue(project: Project) -> tuple[Entry, ...]:
    """Every report of the project, in order of their names."""
    return tuple(_entry(project.notebooks / f"{name}.ipynb") for name in reports_of(project))


def _entry(path: Path) -> Entry:
    notebook = json.loads(path.read_bytes())
    title, about = _heading(notebook)
    comments = _comments(notebook)
    return Entry(
        name=path.stem,
        title=title or path.stem,
        about=about,
        parameters=tuple(
            Taken(name, default, comments.get(name, ""), _OPTIONS.get(name, f"-p {name}=VALUE"))
            for name, default in declared_parameters(notebook, path.name).items()
            if _OPTIONS.get(name) != ""
        ),
    )


def _heading(notebook: Mapping[str, Any]) -> tuple[str, str]:
    """The first heading, and the first sentence under it."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            head, _, rest = "".join(cell["source"]).strip().partition("\n")
            paragraph = " ".join(rest.strip().partition("\n\n")[0].split())
            sentence, stop, _ = paragraph.partition(". ")
            return head.lstrip("# ").strip(), sentence + stop.strip()
    return "", ""


def _comments(notebook: Mapping[str, Any]) -> dict[str, str]:
    """What stands behind each assignment of the parameters cell."""
    source = next(
        "".join(cell["source"])
        for cell in notebook["cells"]
        if "parameters" in cell.get("metadata", {}).get("tags", ())
    )
    found: dict[str, str] = {}
    name = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME and token.start[1] == 0:
            name = token.string
        elif token.type == tokenize.COMMENT and name:
            found.setdefault(name, token.string.lstrip("# ").strip())
    return found
