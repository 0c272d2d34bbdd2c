"""Text from outside made fit to be seen: no character that hides, reorders or is missing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Hashable
from functools import lru_cache
from typing import Protocol

UNKNOWN = "□"  # Stands for a letter that no font at hand can draw

_KEPT = "\n\t\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_MARKS = "\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}"
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_LETTER_A = 0x1F1E6
_SIZES = re.compile(r"^(?:large|heavy|white heavy|black) ")
_JOINT = re.compile(r"(?<=[._/:=,\\-])(?=[^\s._/:=,\\-])")
_WORD = re.compile(r"\S+")
_BREAK = "\N{ZERO WIDTH SPACE}"


class Charset(Container[int], Hashable, Protocol):
    """Code points; looked up once for each letter."""


def visible(text: str, charset: Charset | None = None, unknown: str = "") -> str:
    """``text`` with hidden characters written out as ``[U+202E]``.

    Control characters and the ones that reverse the writing direction would make a name
    look like another; a font draws nothing for others.

    Args:
        charset: code points the fonts have. A sign that they lack is written in words, such
            as ``[green circle]``. None: all.
        unknown: stands for a letter that they lack; empty: it is written out.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if charset is not None:
        shown = _FLAG.sub(_flag, shown)
    rtl: bool | None = None
    made: list[str] = []
    before = ""
    for character in shown:
        if character in _MARKS:
            rtl = is_rtl(shown, anywhere=True) if rtl is None else rtl
            made.append("" if rtl else _code(character))
        elif character in _JOINERS and ord(before or "a") >= 0x600:
            # They join letters of scripts that have joined ones, and parts of emoji.
            made.append("" if charset is not None and _is_sign(before) else character)
        else:
            made.append(_shown(character, charset, unknown))
            before = character
    return "".join(made)


@lru_cache(maxsize=1 << 12)
def _shown(character: str, charset: Charset | None, unknown: str) -> str:
    if character in _KEPT:
        return character
    if unicodedata.category(character) in _HIDDEN:
        return _code(character)
    if charset is None:
        return character
    if (
        0xFE00 <= ord(character) <= 0xFE0F
        or 0x1F3FB <= ord(character) <= 0x1F3FF
        or (character == "\N{COMBINING ENCLOSING KEYCAP}")
    ):
        return ""  # how the sign before is to look
    if ord(character) in charset:
        return character
    if _is_sign(character):
        return f"[{_SIZES.sub('', unicodedata.name(character, 'sign').lower())}]"
    return unknown or _code(character)


def _code(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _is_sign(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk", "Sm", "Sc", "Po")


def _flag(found: re.Match[str]) -> str:
    letters = "".join(chr(ord("A") + ord(one) - _LETTER_A) for one in found[0])
    return f"[flag {letters}]"


def is_rtl(text: str, *, anywhere: bool = False) -> bool:
    """Whether ``text`` is written from right to left: its first letter, or any of them, is."""
    if text.isascii():
        return False
    kinds = (unicodedata.bidirectional(character) for character in text)
    strong = (kind in ("R", "AL") for kind in kinds if kind in ("L", "R", "AL"))
    return any(strong) if anywhere else next(strong, False)


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
