"""Markdown from plain values: tables whose cells cannot break them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; a bar in a cell is escaped, a line break becomes a space."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for row in rows:
        lines.append("| " + " | ".join(_cell(value) for value in row) + " |")
    return "\n".join(lines) + "\n"


def exhibit(title: str, subtitle: str, body: str, below: Iterable[str], source: str) -> str:
    """An exhibit: its texts around ``body``, which ends with a line break."""
    said = " ".join(filter(None, (*below, f"Source: {source}.")))
    head = f"**{title}.**" + (f" {subtitle}." if subtitle else "")
    return f"{head}\n\n{body}\n{said}\n"


def code(text: str) -> str:
    """``text`` as code, empty where it is."""
    return f"`{text}`" if text else ""


def link(text: str, address: str) -> str:
    """``text`` leading to a web address; plain where ``address`` is none."""
    return f"[{text}]({address})" if address.startswith(("https://", "http://")) else text


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
