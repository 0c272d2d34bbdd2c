"""Text from outside made fit to be seen: no character that hides, reorders or is missing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

__all__ = ["breakable", "visible"]

_KEPT = "\n\t\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_LONG = re.compile(r"\S{18,}")
_JOINT = re.compile(r"(?<=[._/:=,\\-])(?=[^\s._/:=,\\-])")
_STRETCH = 24
_BREAK = "\N{ZERO WIDTH SPACE}"


def visible(text: str, charset: Collection[int] | None = None) -> str:
    """``text`` with hidden characters written out as ``[U+202E]``.

    Control characters and the ones that reverse the writing direction would make a name
    look like another; a font draws nothing for others.

    Args:
        text: anything.
        charset: code points the fonts have; others are written out too. None: all.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        character if _plain(character, charset) else f"[U+{ord(character):04X}]"
        for character in shown
    )


def _plain(character: str, charset: Collection[int] | None) -> bool:
    if character in _KEPT:
        return True
    if unicodedata.category(character) in _HIDDEN:
        return False
    return charset is None or ord(character) in charset


def breakable(text: str) -> str:
    """``text`` with places to break a long word: after its joints, else every 24 letters."""
    return _LONG.sub(_broken, text)


def _broken(match: re.Match[str]) -> str:
    parts = _JOINT.sub(_BREAK, match[0]).split(_BREAK)
    return _BREAK.join(
        _BREAK.join(part[start : start + _STRETCH] for start in range(0, len(part), _STRETCH))
        for part in parts
    )
