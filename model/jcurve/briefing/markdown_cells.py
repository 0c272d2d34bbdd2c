"""Markdown as JupyterLab reads it: formulas first, then Markdown, then the HTML that both make.

What a cell holds becomes HTML, HTML in it included, and goes the way of every other HTML: it is
sanitised, and read as blocks. Nothing in it is ever executed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jcurve.briefing.document import Block
from jcurve.briefing.hypertext import Context, read
from jcurve.figures.markup import escape


def blocks(source: str, context: Context) -> tuple[Block, ...]:
    """The blocks of a markdown cell, or of an output of this kind."""
    text, kept = context.tex.hold(source)
    return tuple(read(str(_parser()(text)), context, kept))


@cache
def _parser() -> Any:
    import mistune
    from mistune.plugins.footnotes import footnotes
    from mistune.plugins.formatting import strikethrough
    from mistune.plugins.table import table
    from mistune.plugins.task_lists import task_lists

    plugins: list[Any] = [table, footnotes, strikethrough, task_lists]
    parser: Any = mistune.create_markdown(
        renderer=mistune.HTMLRenderer(escape=False, allow_harmful_protocols=True), plugins=plugins
    )
    # Notes stand at the foot of the page, so their text is handed over by key.
    renderer = parser.renderer
    renderer.register(
        "footnote_ref", lambda _, key, index: f'<x-note key="{escape(key)}"></x-note>'
    )
    renderer.register("footnotes", lambda _, text: f"<x-notes>{text}</x-notes>")
    renderer.register(
        "footnote_item", lambda _, text, key, index: f'<x-note key="{escape(key)}">{text}</x-note>'
    )
    renderer.register("task_list_item", _task)
    return parser


def _task(_: Any, text: str, checked: bool = False) -> str:
    return f"<li>{'☑' if checked else '☐'} {text}</li>\n"
