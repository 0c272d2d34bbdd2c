"""Charts and tables: each with alt text, a source and sentences that read it.

``chart``, ``table``, ``prose`` and ``Cover`` make display objects; ``style`` is how charts
look. The modules beside them draw the exhibits of the model.
"""

from __future__ import annotations

from jcurve.figures.cover import Cover, KeyFigure
from jcurve.figures.display import Shown
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.numbers import compact, written
from jcurve.figures.prose import (
    Prose,
    bullets,
    callout,
    em,
    footnote,
    link,
    prose,
    ref,
    strong,
)
from jcurve.figures.table import Cell, Column, Row, TableExhibit, table

__all__ = [
    "Cell",
    "Column",
    "Cover",
    "Exhibit",
    "KeyFigure",
    "Prose",
    "Row",
    "Shown",
    "TableExhibit",
    "bullets",
    "callout",
    "chart",
    "compact",
    "em",
    "footnote",
    "link",
    "prose",
    "ref",
    "strong",
    "table",
    "written",
]
