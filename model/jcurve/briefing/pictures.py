"""Pictures of any notebook, made safe: PNG, JPEG or SVG that can be drawn, at its size."""

from __future__ import annotations

import base64
import io
import re
import warnings
from pathlib import Path
from typing import Literal
from urllib.parse import unquote
from xml.etree import ElementTree

from jcurve.briefing.document import Picture

SUFFIXES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
    ".webp": "image/webp", ".bmp": "image/bmp", ".svg": "image/svg+xml",
}  # fmt: skip
_KEPT: dict[str, Literal["image/png", "image/jpeg"]] = {"PNG": "image/png", "JPEG": "image/jpeg"}
_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "PA"})
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4,
          "pc": 16.0, "em": 16.0}  # fmt: skip
_LENGTH = re.compile(r"\s*([\d.]+)\s*([a-z]*)\s*")
_LARGEST = 20_000_000  # bytes of a picture beside a notebook


def drawable(
    mime: str, data: str, alt: str, where: str, wanted: tuple[float, float] = (0, 0)
) -> Picture | None:
    """The picture, or None when it cannot be drawn; nothing is said of a wanted side of nought."""
    if mime == "image/svg+xml":
        size = _svg_size(data)
        return Picture("image/svg+xml", data, alt, _scaled(size, wanted), where) if size else None
    from PIL import Image

    try:
        raw = base64.b64decode(re.sub(r"\s+", "", data), validate=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture of too many dots is only warned of
            image = Image.open(io.BytesIO(raw))
            image.load()
    except (OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError):
        return None
    kept = _KEPT.get(image.format or "")
    if kept is None or image.mode not in _MODES:
        # What neither a browser nor Typst is sure to draw becomes a PNG.
        written = io.BytesIO()
        image.convert("RGBA").save(written, "PNG")
        kept, raw = "image/png", written.getvalue()
    size = _scaled((float(image.width), float(image.height)), wanted)
    return Picture(kept, base64.b64encode(raw).decode(), alt, size, where)


def from_url(url: str) -> tuple[str, str] | None:
    """Type and data of the picture that a ``data:`` address holds, as ``drawable`` takes them."""
    head, comma, body = url.partition(",")
    mime, *options = head.removeprefix("data:").split(";")
    is_svg, is_encoded = mime == "image/svg+xml", "base64" in options
    if not comma or not (is_svg or is_encoded):
        return None
    body = unquote(body)
    if is_svg and is_encoded:
        try:
            body = base64.b64decode(body).decode()
        except ValueError:
            return None
    return mime, body


def from_file(path: str, folder: Path | None) -> tuple[str, str] | None:
    """The same of the picture beside the notebook; only below its folder, and only where that is
    known."""
    if folder is None:
        return None
    home = folder.resolve()
    found = (home / unquote(path.partition("?")[0].partition("#")[0])).resolve()
    mime = SUFFIXES.get(found.suffix.lower())
    if mime is None or not found.is_relative_to(home) or not found.is_file():
        return None
    if found.stat().st_size > _LARGEST:
        return None
    if mime == "image/svg+xml":
        return mime, found.read_text(encoding="utf-8", errors="replace")
    return mime, base64.b64encode(found.read_bytes()).decode()


def _scaled(size: tuple[float, float], wanted: tuple[float, float]) -> tuple[float, float]:
    """The wanted size; a side of which nothing is said keeps the proportion."""
    width, height = wanted
    if width and height:
        return width, height
    if width:
        return width, size[1] * width / size[0]
    if height:
        return size[0] * height / size[1], height
    return size


def _svg_size(text: str) -> tuple[float, float] | None:
    if "<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        return None
    box = [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", root.get("viewBox", ""))]
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        return box[2], box[3]
    width, height = (_pixels(root.get(side, "")) for side in ("width", "height"))
    return (width, height) if width and height else None


def _pixels(length: str) -> float:
    found = _LENGTH.fullmatch(length)
    return float(found[1]) * _UNITS.get(found[2], 0.0) if found else 0.0
