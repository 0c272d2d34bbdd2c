"""A report notebook's cells run in this process, for many scenarios in little time.

The kernel, papermill and the verdict have their own tests; here the cells only fill their
namespace, and what they show becomes a notebook as a run leaves it.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from jcurve.analysis import belief_pairs, scale
from jcurve.assumptions import shipped
from jcurve.figures.display import Displayed, Paragraph, words
from tests.support.demo_report import code, markdown, notebook

__all__ = ["NOTEBOOKS", "executed", "real_project", "sentences"]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


def real_project(folder: Path, scenarios: dict[str, str] | None = None) -> Path:
    """A project on the repository's data, shipped scenarios and notebooks, and scenarios given."""
    (folder / "notebooks").symlink_to(NOTEBOOKS)
    data = folder / "data"
    data.mkdir()
    for path in (ROOT / "data").iterdir():
        if path.name != "scenarios":
            (data / path.name).symlink_to(path)
    (data / "scenarios").mkdir()
    known = shipped(ROOT)
    for path in (ROOT / "data" / "scenarios").iterdir():
        if path.suffix == ".yml" and path.stem not in known:
            continue
        (data / "scenarios" / path.name).symlink_to(path)
    for name, text in (scenarios or {}).items():
        (data / "scenarios" / f"{name}.yml").write_text(text)
    return folder


@contextlib.contextmanager
def coarse() -> Iterator[None]:
    """The questions of the decision on few points: what a report says of them is tested here,
    how well they are answered with the questions."""
    with pytest.MonkeyPatch.context() as patch:
        for name, few in (("_COLUMNS", 5), ("_ROWS", 5)):
            patch.setattr(belief_pairs, name, few)
        patch.setattr(scale, "SCALES", tuple(step / 8 for step in range(13)))
        yield


def executed(
    report: str,
    out: Path,
    without: Sequence[str] = (),
    names: dict[str, Any] | None = None,
    **parameters: Any,
) -> tuple[dict[str, Any], list[Displayed]]:
    """Run the cells of ``report`` with parameters.

    Args:
        report: name of the notebook.
        out: folder for its results.
        without: ids of cells to leave out, such as long appendices.
        names: takes what the cells name.
        parameters: in place of the parameters cell's.

    Returns:
        The notebook as a run leaves it, and what it showed.
    """
    source = json.loads((NOTEBOOKS / f"{report}.ipynb").read_text())
    names = {} if names is None else names
    cells, shown = [], []
    for cell in source["cells"]:
        text = "".join(cell["source"])
        tags = cell["metadata"].get("tags", [])
        if cell["id"] in without:
            continue
        if cell["cell_type"] == "markdown":
            if "remove-cell" not in tags:
                cells.append(markdown(text))
            continue
        with contextlib.redirect_stdout(io.StringIO()), coarse():  # display() prints
            exec(compile(text, report, "exec"), names)
        if "parameters" in tags:
            names |= {"out": str(out), **parameters}
        every = names["show"].items if "show" in names else ()
        cells.append(code(*every[len(shown) :], source=text))
        shown = list(every)
    return notebook(*cells), shown


def sentences(item: Displayed) -> list[str]:
    """Every generated text of a display object that a reader reads as prose."""
    paragraphs: tuple[Paragraph, ...] = getattr(item, "paragraphs", ()) or getattr(
        item, "summary", ()
    )
    texts = [words(runs) for runs in paragraphs]
    texts += [words(getattr(item, "reading", ()))]
    texts += [getattr(item, name, "") for name in ("title", "subtitle", "alt")]
    texts += list(getattr(item, "notes", ()))
    return [text for text in texts if text]
