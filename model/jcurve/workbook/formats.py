"""The looks of cells: a role (input, fact, head, …) and a number format."""

from __future__ import annotations

from typing import Any

from jcurve.workbook.style import FONT, INPUT_BLUE, NUMBER_FORMATS

__all__ = ["WRAPPED", "Formats"]

WRAPPED = frozenset({"definition", "wrap"})
"""Styles of text whose row is as high as the text needs."""

_ROLES: dict[str, dict[str, Any]] = {
    "": {},
    "input": {
        "font_color": INPUT_BLUE,
        "bg_color": "#FFFBE6",
        "border": 4,
        "border_color": "#C9B458",
        "locked": False,
    },
    "fact": {"font_color": "#1E6B37"},
    "estimate": {"font_color": "#8A5A1C", "italic": True},
    "strong": {"bold": True, "top": 1, "top_color": "#9AA5B1"},
}
_TEXTS: dict[str, dict[str, Any]] = {
    "text": {"align": "left"},
    "right": {"align": "right"},
    "unit": {"align": "left", "indent": 1},
    "clip": {"align": "left", "font_color": "#5B6573"},
    "wrap": {"text_wrap": True},
    "definition": {"text_wrap": True, "align": "left", "font_color": "#5B6573"},
    "name": {"align": "left"},
    "note": {"font_color": "#5B6573", "align": "left", "text_wrap": True},
    "note_apart": {"font_color": "#5B6573", "align": "left"},
    "strong": {"bold": True, "align": "left"},
    "title": {"bold": True, "font_size": 16, "font_color": "#0B5D8F"},
    "heading": {"bold": True, "font_color": "#0B5D8F"},
    "section": {"bold": True, "font_color": "#0B5D8F", "bottom": 1, "bottom_color": "#9AA5B1"},
    "head": {
        "bold": True, "font_color": "#FFFFFF", "bg_color": "#0B5D8F", "align": "left",
        "valign": "vcenter",
    },
    "head_apart": {
        "bold": True, "font_color": "#FFFFFF", "bg_color": "#0B5D8F", "align": "left",
        "valign": "vcenter", "indent": 1,
    },
    "head_right": {
        "bold": True, "font_color": "#FFFFFF", "bg_color": "#0B5D8F", "align": "right",
        "valign": "vcenter",
    },
}  # fmt: skip
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class Formats:
    """Formats of one workbook, each made once."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._made: dict[tuple[str, bool], Any] = {}

    def of(self, style: str, text: str = "") -> Any:
        """The format of a style; a text that looks like a formula is marked as text."""
        guarded = text.startswith(_DANGEROUS)
        key = (style, guarded)
        if key not in self._made:
            self._made[key] = self._workbook.add_format(self._properties(style, guarded))
        return self._made[key]

    @staticmethod
    def _properties(style: str, guarded: bool) -> dict[str, Any]:
        role, _, last = style.rpartition(":")
        if role == "head":
            role, last = "", "head_right"
        properties: dict[str, Any] = {"font_name": FONT, "font_size": 10, "valign": "top"}
        properties |= _TEXTS.get(last, {})
        properties |= _ROLES[role]
        if last in NUMBER_FORMATS:
            properties["num_format"] = NUMBER_FORMATS[last]
            properties["align"] = "right"
        if guarded:
            properties["quote_prefix"] = True
        return properties
