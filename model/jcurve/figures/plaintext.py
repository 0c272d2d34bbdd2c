"""Text from outside made fit to be seen: no character that hides, reorders or is missing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

__all__ = ["breakable", "visible"]

_KEPT = "\n\t\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_JOINT = re.compile(r"(?<=[._/:=,\\-])(?=[^\s._/:=,\\-])")
_WORD = re.compile(r"\S+")
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


def breakable(text: str, longest: int = 24) -> str:
    """``text`` with places to break words longer than ``longest``.

    A break may come after a joint (``capex.total``), else after every ``longest`` letters.
    """
    if len(text) <= longest:
        return text
    return _WORD.sub(lambda found: _broken(found[0], longest), text)


def _broken(word: str, longest: int) -> str:
    if len(word) <= longest:
        return word
    parts = _JOINT.sub(_BREAK, word).split(_BREAK)
    return _BREAK.join(
        _BREAK.join(part[start : start + longest] for start in range(0, len(part), longest))
        for part in parts
    )
