"""``python -m jcurve_studies.pages pictures``: the pictures of the reports in ``docs/``.

``pack.png`` shows a page of each report, ``brief.png`` both pages of the executive brief. All
are reports on the base scenario, run for the purpose as first editions, which takes minutes; so
the numbers that they show are written down beside them, in ``pictures.json``. A test compares that
record with the present model, ``make docs`` says when it is behind, ``make pictures`` renews both
and first the pictures of the panel, which a browser draws.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING

from jcurve.case import evaluate
from jcurve.evaluation.naming import headline_text
from jcurve.ground.extensions import REPORTS, extensions
from jcurve.ground.files import write_file
from jcurve.ground.project import Project
from jcurve_studies.backtesting.backtest import SUBJECTS, mean_error
from jcurve_studies.fits.companies import fiscal_years
from jcurve_studies.pages.study import Study

if TYPE_CHECKING:
    from PIL.Image import Image

PAGES: Mapping[str, int] = MappingProxyType(
    {
        "executive_brief": 1,
        "scenario_report": 2,
        "comparison_report": 1,
        "risk_report": 2,
        "results_note": 1,
        "validation_report": 1,
        "peer_report": 1,
        "dashboard": 1,
    }
)
"""Report, and its page that stands for it."""

_RECORD = "pictures.json"
_COMPARED = ("base", "bear", "bull")
"""Scenarios whose headlines the pages show: the base, and what the comparison sets beside it."""

_BRIEF = "executive_brief"
_ACROSS = 3
_GAP = 14  # dots around each page
_COLOURS = 128
_BEHIND = "#c9d0d8"


def write(project: Project) -> list[str]:
    """Run every report, write both pictures; their names."""
    pages = _pages(project)
    made = {
        "pack.png": sheet([pages[name][at - 1] for name, at in PAGES.items()], _ACROSS, 330),
        "brief.png": sheet(pages[_BRIEF], len(pages[_BRIEF]), 620),
    }
    text = json.dumps(shown(Study(project)), indent=1, ensure_ascii=False)
    made[_RECORD] = f"{text}\n".encode()
    for name, data in made.items():
        write_file(project.root / "docs" / name, data)
    return list(made)


def shown(study: Study) -> dict[str, dict[str, str]]:
    """The numbers that the pictures show, as they are written: one that moves in its last bits
    asks for no new picture."""
    found = {"data": {"reported through": study.base.data_through}}
    for name in _COMPARED:
        case = study.base if name == "base" else evaluate(name, project=study.project)
        for view, figures in case.headlines().items():
            texts = {key: headline_text(figure) for key, figure in figures.items()}
            found[f"{name}, {view}"] = texts
    found["mean error of past forecasts"] = {
        subject: f"{mean_error(study.backtest.of(subject)):.1%}" for subject in SUBJECTS
    }
    asked = found["revenue asked by an outlay, of revenue"] = {}
    for each in study.peers:
        names = ("required_revenue", "reported_revenue")
        needed, whole = (each.year(name, fiscal_years(each)[-1]) for name in names)
        asked[each.name] = f"{needed / whole:.1%}"
    return found


def outdated(study: Study) -> list[str]:
    """What the pictures show otherwise than the present model; none where they are up to date."""
    path = study.project.root / "docs" / _RECORD
    recorded = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    now = shown(study)
    return [
        each for each in dict.fromkeys((*now, *recorded)) if now.get(each) != recorded.get(each)
    ]


def _pages(project: Project) -> dict[str, list[bytes]]:
    """The pages of every report, run in a project of its own that has no earlier edition."""
    from jcurve.briefing.reading import read
    from jcurve.briefing.typeset import pictures

    found = {}
    (run,) = extensions(REPORTS, "run")
    with TemporaryDirectory() as folder:
        home = Path(folder)
        for name in ("data", "notebooks"):
            (home / name).symlink_to(project.root / name)
        for report in PAGES:
            done = run(report, project=home)
            notebook = json.loads(done.notebook.read_bytes())
            found[report] = pictures(read(notebook, report), dots=110)
    return found


def sheet(pages: Sequence[bytes], across: int, width: int) -> bytes:
    """Pages side by side in rows, as one PNG.

    Args:
        pages: each as a PNG, all of one size.
        across: how many in a row.
        width: of each in the sheet, in dots.
    """
    from PIL import Image

    shown = [_scaled(Image.open(io.BytesIO(page)), width) for page in pages]
    down = -(-len(shown) // across)
    tall = max(page.height for page in shown)
    whole = Image.new("RGB", (across * (width + _GAP) + _GAP, down * (tall + _GAP) + _GAP), _BEHIND)
    for index, page in enumerate(shown):
        row, column = divmod(index, across)
        whole.paste(page, (_GAP + column * (width + _GAP), _GAP + row * (tall + _GAP)))
    out = io.BytesIO()
    few = whole.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def _scaled(page: Image, width: int) -> Image:
    from PIL import Image

    height = round(page.height * width / page.width)
    return page.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
