"""SVG as the reports want it: small, repeatable, free of style attributes and of scripts.

A page under a strict content security policy refuses ``style`` attributes, so they become
presentation attributes, which Typst, browsers and JupyterLab all read alike. Only the
elements and attributes that a chart needs are let through: an SVG from a notebook file
is data from outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from xml.etree import ElementTree

from jcurve.figures.fonts import FALLBACK, FAMILY, charset
from jcurve.figures.plaintext import visible
from jcurve.figures.pointing import Mark
from jcurve.ground.errors import UsageError

_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        "svg g defs path rect circle ellipse line polyline polygon text tspan use image clipPath "
        "linearGradient radialGradient stop pattern title desc",
    )
)
_DROPPED = frozenset({"metadata", "style", "script", "foreignObject", "title", "desc"})
_POINTED = {"fill": "none", "pointer-events": "all"}  # Of marks: seen by no eye, found by a pointer
_STYLE = frozenset(
    re.findall(
        r"[\w-]+",
        "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray "
        "stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity font-size "
        "font-family font-weight font-style text-anchor stop-color stop-opacity clip-rule",
    )
)
_ATTRIBUTES = _STYLE | frozenset(
    re.findall(
        r"[\w-]+",
        "id d x y x1 y1 x2 y2 cx cy r rx ry width height viewBox points transform clip-path href "
        "preserveAspectRatio offset gradientUnits gradientTransform patternUnits patternTransform "
        "patternContentUnits clipPathUnits version fx fy dx dy pointer-events",
    )
)
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
_URL = re.compile(r"url\(#([^)]+)\)")
_NO_TURN = re.compile(r"^rotate\(-?0 [^)]*\)$")
_EXTERNAL = re.compile(r"url\((?!#)|javascript:", re.IGNORECASE)


class Size(NamedTuple):
    """Width and height in points."""

    width: float
    height: float


def size(svg: str) -> Size:
    """Printed size of ``svg``, from its view box, one unit a point."""
    match = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', svg[:2000])
    if match is None:
        raise UsageError("an SVG without a view box", received=svg[:60])
    return Size(float(match[1]), float(match[2]))


def tidy(svg: str, prefix: str, marks: Iterable[Mark] = ()) -> str:
    """Rewrite matplotlib's ``svg`` for the reports.

    Args:
        svg: as matplotlib writes it, text kept as text.
        prefix: put before every identifier, so that two charts on a page do not clash.
        marks: what the drawing says where somebody points at it.
    """
    root = _parse(svg)
    used = _references(root)
    _clean(root, prefix, used)
    root.set("font-family", FALLBACK)
    root.set("stroke-linejoin", "round")
    root.set("stroke-linecap", "butt")
    root.attrib.pop("version", None)
    pointed = ElementTree.SubElement(root, "g", _POINTED)
    for *place, text in marks:
        sides = zip(("x", "y", "width", "height"), (f"{each:.1f}" for each in place), strict=True)
        mark = ElementTree.SubElement(pointed, "rect", dict(sides))
        ElementTree.SubElement(mark, "title").text = visible(text)
    return ElementTree.tostring(root, encoding="unicode")


def check(svg: str, name: str) -> str:
    """Return ``svg`` if it holds nothing but drawing, else say what does not belong.

    Raises:
        UsageError: names the exhibit and the first element or attribute refused.
    """
    for element in _parse(svg).iter():
        tag = _local(element.tag)
        if tag not in _ELEMENTS:
            raise UsageError(f"exhibit {name}: its SVG holds <{tag}>", allowed="drawing only")
        for key, value in element.attrib.items():
            local = _local(key)
            inside = value.startswith(("#", "data:image/png;base64,"))
            if (
                local not in _ATTRIBUTES
                or (local == "href" and not inside)
                or _EXTERNAL.search(value)
            ):
                raise UsageError(
                    f"exhibit {name}: its SVG holds the attribute {local}",
                    received=value,
                    allowed="drawing only, nothing loaded from elsewhere",
                )
    return svg


def _parse(svg: str) -> ElementTree.Element:
    ElementTree.register_namespace("", _SVG)
    # An entity could name a file or grow without end; a chart needs none.
    if "<!ENTITY" in svg:
        raise UsageError("an SVG that declares entities", allowed="plain SVG")
    try:
        return ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise UsageError(f"an SVG that does not parse ({error})", received=svg[:60]) from error


@lru_cache(maxsize=1024)
def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _references(root: ElementTree.Element) -> frozenset[str]:
    found: set[str] = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            if _local(key) == "href" and value.startswith("#"):
                found.add(value[1:])
            found.update(_URL.findall(value))
    return frozenset(found)


def _clean(element: ElementTree.Element, prefix: str, used: frozenset[str]) -> None:
    for child in list(element):
        tag = _local(child.tag)
        if tag in _DROPPED:
            element.remove(child)
            continue
        _clean(child, prefix, used)
        if tag in ("g", "defs") and not len(child):
            element.remove(child)
    attributes = dict(element.attrib)
    element.attrib.clear()
    for name, value in _declarations(attributes.pop("style", "")):
        attributes[name] = value
    for name, value in attributes.items():
        local = _local(name)
        if local == "id":
            if value in used:
                element.set("id", f"{prefix}-{value}")
            continue
        if local == "transform" and _NO_TURN.match(value):
            continue
        if local == "font-family" and value.lstrip("'\"").startswith(FAMILY):
            continue
        if local == "href" and value.startswith("#"):
            value = f"#{prefix}-{value[1:]}"
        if "url(" in value:
            value = _URL.sub(lambda match: f"url(#{prefix}-{match[1]})", value)
        if local != "href" and local != "font-family":
            value = " ".join((_NUMBER.sub(_rounded, value) if "." in value else value).split())
        element.set(local, value)
    if _local(element.tag) in ("text", "tspan"):
        element.text = visible(element.text or "", charset())
    else:
        element.text = None
    element.tail = None


def _declarations(style: str) -> list[tuple[str, str]]:
    pairs = (part.partition(":") for part in style.split(";") if ":" in part)
    found = ((name.strip(), value.strip()) for name, _, value in pairs)
    return [(name, value.removesuffix("px")) for name, value in found if name in _STYLE]


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
