"""Display objects as HTML: semantic, unstyled, every text escaped.

JupyterLab's cards and the HTML report are written by the same ``Writer``; the report gives
it the exhibits' numbers and collects its footnotes. What is written stands in
``exhibits.html``.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jcurve.figures.display import Cover, Prose, Run, as_html
from jcurve.figures.exhibit import Exhibit, TableExhibit
from jcurve.figures.plaintext import visible
from jcurve.ground.numbers import MINUS

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_SCHEME = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20]+", re.IGNORECASE)
_AMOUNT = re.compile(f"([{MINUS}+][$]?[0-9][0-9.,]*[a-z%]*)")
_LAYOUT = re.compile(r"\n\s*")
_TAGS = [
    {"field": field, "name": name}
    for field, name in (
        ("strike", "s"),
        ("sub", "sub"),
        ("sup", "sup"),
        ("strong", "strong"),
        ("em", "em"),
        ("code", "code"),
    )
]


def escape(text: str) -> str:
    """``text`` as HTML that shows it, hidden characters and all."""
    return html.escape(visible(text))


def safe_link(href: str | None) -> str | None:
    """``href`` if it is an address a report may link to: http, https or mailto."""
    return href if href and _SCHEME.fullmatch(href) else None


@cache
def _template() -> Template:
    """The template, whose line breaks are layout; whatever it writes goes through ``escape``."""
    from jinja2 import Environment
    from markupsafe import Markup

    def escaped(value: object) -> object:
        return Markup(escape(value)) if type(value) is str else value

    def amounts(text: str) -> Markup:
        """A negative amount keeps its sign: they do not part at the end of a line."""
        broken = escape(text).replace("\n", "<br>")
        return Markup(_AMOUNT.sub(r'<span class="amount">\1</span>', broken))

    def as_json(texts: Sequence[str]) -> str:
        return json.dumps(texts, ensure_ascii=False)

    made = Environment(autoescape=True, finalize=escaped)
    made.filters |= {"amounts": amounts, "as_json": as_json}
    source = Path(__file__).with_name("exhibits.html").read_text(encoding="utf-8")
    return made.from_string(_LAYOUT.sub("", source))


class Writer:
    """Writes display objects as HTML, one document at a time.

    Args:
        numbers: exhibit ids and their numbers.
        footnotes: takes the footnotes of the document in order; without it a footnote
            stands in brackets where it is called.
    """

    def __init__(self, numbers: Mapping[str, int], footnotes: list[str] | None = None) -> None:
        self.numbers = numbers
        names = {"numbers": numbers, "footnotes": footnotes}
        self._macros: Any = _template().make_module(
            {**names, "safe_link": safe_link, "tags": _TAGS}
        )

    def runs(self, runs: Iterable[Run]) -> str:
        """Runs of text."""
        return str(self._macros.runs(runs))

    def __call__(self, shown: Prose | Cover | Exhibit | TableExhibit) -> str:
        """Prose, the head of a report, a chart, or a table, with dials where it has some."""
        kind = "table" if isinstance(shown, TableExhibit) else shown.kind
        return str(getattr(self._macros, kind)(shown))


for _kind in (Prose, Cover, Exhibit, TableExhibit):
    as_html.register(_kind, lambda shown: Writer({})(shown))
