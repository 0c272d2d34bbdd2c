"""Exhibits: charts and tables of a case, each with a title that says what it shows, an alt text,
a source and a reading.

A case, a view and a project enter as one ``Lens``; exhibits leave, which Jupyter shows and the
briefing prints. Every module named for a question (``answer``, ``curve``, ``spending`` …) has a
function an exhibit. To write one, start from ``curve``: ``recipes`` draw, ``chart`` and ``table``
make exhibits, ``numbers`` writes amounts.

>>> from jcurve import evaluate
>>> from jcurve.figures import Lens, answer
>>> answer.headline(Lens(evaluate("no_programme")))
'This scenario has no AI programme, so there is nothing to pay back'
"""

from __future__ import annotations

from jcurve.figures.display import (
    Cover,
    KeyFigure,
    Prose,
    Shown,
    callout,
    prose,
    ref,
    strong,
)
from jcurve.figures.exhibit import Cell, Column, Exhibit, Row, TableExhibit, chart, table
from jcurve.figures.lens import Lens
from jcurve.figures.markup import Writer
from jcurve.ground.numbers import compact, written

__all__ = [
    "Cell",
    "Column",
    "Cover",
    "Exhibit",
    "KeyFigure",
    "Lens",
    "Prose",
    "Row",
    "Shown",
    "TableExhibit",
    "Writer",
    "callout",
    "chart",
    "compact",
    "prose",
    "ref",
    "strong",
    "table",
    "written",
]
