"""Whose workbook it is: the house style on the summary, and at the foot of every sheet."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

from jcurve.assumptions.house_style import HouseStyle, read_house_style
from jcurve.ground.errors import ProjectError
from jcurve.ground.project import Project, find_project

__all__ = ["add_footers", "add_masthead", "house_of"]

_LOGO_HEIGHT = 40  # dots
_COLUMN = 6  # right of the headline figures
_LONGEST = 150


def house_of(project: Project | str | Path | None) -> HouseStyle:
    """The project's house style; the usual one where there is no project."""
    try:
        home = project if isinstance(project, Project) else find_project(project)
    except ProjectError:
        return HouseStyle()
    return read_house_style(home.reports)


def add_masthead(workbook: Any, summary: Any, house: HouseStyle) -> None:
    """Company and logo beside the summary's title. Excel takes no SVG: such a logo is left out."""
    if house.company:
        form = workbook.add_format({"bold": True, "font_color": house.colour, "align": "right"})
        summary.write_string(0, _COLUMN, house.company, form)
    if house.logo is None or house.logo.mime == "image/svg+xml":
        return
    from PIL import Image

    raw = io.BytesIO(base64.b64decode(house.logo.data))
    with Image.open(raw) as picture:
        scale = _LOGO_HEIGHT / picture.height
    options = {"image_data": raw, "x_scale": scale, "y_scale": scale}
    about = {"description": house.company or "Logo"}
    summary.insert_image(2, _COLUMN, house.logo.path.name, options | about)


def add_footers(sheets: dict[str, Any], house: HouseStyle) -> None:
    """Name, company and page at the foot of every sheet."""
    centre = " · ".join(filter(None, (house.company, house.footer))) or "J-Curve"
    shown = centre[:_LONGEST].replace("&", "&&")  # one of them begins a code
    for name, sheet in sheets.items():
        sheet.set_footer(f"&L&8{name}&C&8{shown}&R&8&P of &N")
