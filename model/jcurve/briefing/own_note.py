"""A report of one's own: a notebook to start from."""

from __future__ import annotations

import re
from pathlib import Path

from jcurve.ground.errors import UsageError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project

_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")


def start_note(name: str, project: Project) -> Path:
    """Write ``notebooks/NAME.ipynb``, which ``jcurve report NAME`` renders as it is.

    Raises:
        UsageError: the name is none, or taken.
        WriteError: the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            "not a notebook's name",
            received=name,
            allowed="small letters, digits and _, a letter first",
        )
    path = project.own().notebooks / f"{name}.ipynb"
    if path.exists():
        raise UsageError("a notebook of this name exists", received=name, allowed="another name")
    text = Path(__file__).with_name("own_note.ipynb").read_text(encoding="utf-8")
    title = name.replace("_", " ").capitalize()
    write_file(path, text.replace("TITLE", title).replace("NAME", name), fresh=True)
    return path
