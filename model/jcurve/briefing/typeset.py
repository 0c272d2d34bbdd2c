"""The PDF: the document as data for one fixed Typst template.

No text of the document is ever part of the template: it travels as JSON and is set as
strings. Fonts come from the package and from Typst; others, packaged or the system's, only for
letters that these lack. The date comes from the document, so that the same document gives the
same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jcurve.assumptions.house_style import HouseStyle
from jcurve.briefing.document import (
    Block,
    Document,
    Items,
    Loss,
    Note,
    Para,
    Picture,
    Quote,
    signed,
    within,
)
from jcurve.briefing.lettering import Lettering
from jcurve.briefing.payload import data, framed, stubs
from jcurve.briefing.tagging import with_row_heads
from jcurve.figures import fonts
from jcurve.figures.display import Run
from jcurve.ground.errors import RunError

_ACCESSIBLE, _ARCHIVABLE = "ua-1", "a-2a"


@dataclass(frozen=True)
class Typeset:
    """A PDF, what could not be set in it, and how many columns name the rows of each table."""

    pdf: bytes
    losses: tuple[Loss, ...] = ()
    stubs: tuple[int, ...] = ()


def typeset(document: Document, house: HouseStyle | None = None) -> Typeset:
    """Typeset ``document`` as PDF/UA-1 and, if it has a date, PDF/A-2a.

    Call it only in a process that will not fork afterwards: Typst's threads do not
    survive a fork. A picture that Typst cannot draw costs its place only, a formula that it
    cannot set the setting of all.

    Raises:
        RunError: Typst refuses the document; its reason is in the message.
    """
    house = house or HouseStyle()
    document = signed(document, house)
    day = document.date
    # An archive wants a date, and an invented one would be worse than none.
    standards = [_ACCESSIBLE, _ARCHIVABLE] if day else [_ACCESSIBLE]
    options: dict[str, Any] = {
        "format": "pdf",
        "pdf_standards": standards,
        "timestamp": datetime(*(day.timetuple()[:3] if day else (1970, 1, 1)), tzinfo=UTC),
    }
    try:
        return _tagged(_compiled(document, house, options))
    except RunError:
        poor = [
            block
            for block in within(document.blocks)
            if isinstance(block, Picture) and not _draws(block, options)
        ]
        if not poor:
            made = _tagged(_compiled(document, house, options, formulas=False))
            loss = Loss("formulas", "one cannot be set; all are printed as their source")
            return replace(made, losses=(*made.losses, loss))
    blocks = tuple(_without(block, poor) for block in document.blocks)
    made = _tagged(_compiled(replace(document, blocks=blocks), house, options))
    losses = tuple(Loss(it.where, f"picture that cannot be drawn: {it.alt}") for it in poor)
    return Typeset(made.pdf, losses + made.losses)


def pictures(document: Document, *, dots: float = 96.0) -> list[bytes]:
    """The pages that ``typeset`` makes, each as a PNG of ``dots`` an inch; it raises the same."""
    house = HouseStyle()
    made: Any = _compiled(signed(document, house), house, {"format": "png", "ppi": dots}).pdf
    return [made] if isinstance(made, bytes) else list(made)


def _compiled(
    document: Document, house: HouseStyle, options: dict[str, Any], *, formulas: bool = True
) -> Typeset:
    import typst

    with Lettering() as lettering:
        found = data(document, house)
    found = found if formulas else _as_source(found)
    written = json.dumps(found, ensure_ascii=False)
    faces = lettering.faces(written)
    folders = tuple(dict.fromkeys(face.folder for face in faces))
    losses: tuple[Loss, ...] = ()
    if lettering.unknown:
        letters = " ".join(lettering.unknown[:20])
        losses = (Loss("letters", f"{letters} are in no font; install jcurve[scripts]"),)
    try:
        made = typst.compile(
            _template(),
            font_paths=_fonts(folders),
            sys_inputs={"data": written, "fonts": json.dumps([face.family for face in faces])},
            **options,
        )
    except typst.TypstError as error:
        raise RunError(f"the PDF could not be typeset: {error.message}") from error
    return Typeset(made, losses, stubs(found))


def _as_source(part: Any) -> Any:
    """The data of a document without the trees of its formulas."""
    if isinstance(part, list | tuple):
        return [_as_source(inner) for inner in part]
    if isinstance(part, dict):
        kept = {name: _as_source(inner) for name, inner in part.items()}
        return kept | {"maths": None} if "maths" in kept else kept
    return part


def _tagged(made: Typeset) -> Typeset:
    try:
        return replace(made, pdf=with_row_heads(made.pdf, made.stubs))
    except ValueError as error:
        # Better a PDF that a screen reader reads less well than none.
        return replace(made, losses=(*made.losses, Loss("tables", f"heads of rows: {error}")))


def _draws(picture: Picture, options: dict[str, Any]) -> bool:
    """Whether Typst draws ``picture`` by itself."""
    import typst

    source = framed(picture)
    faces = Lettering.faces(source)
    try:
        typst.compile(
            b'#set document(title: "x")\n#set text(lang: "en")\n'
            b'#image(bytes(sys.inputs.svg), format: "svg", alt: "x", width: 50%)',
            font_paths=_fonts(tuple(face.folder for face in faces)),
            sys_inputs={"svg": source},
            **options,
        )
    except typst.TypstError:
        return False
    return True


def _without(block: Block, poor: Sequence[Picture]) -> Block:
    """``block`` with the alt texts of some pictures in their place."""
    if block in poor and isinstance(block, Picture):
        return Para((Run(text=f"[picture of {block.where}: {block.alt}]", em=True),))
    if isinstance(block, Quote | Note):
        return type(block)(tuple(_without(inner, poor) for inner in block.blocks))
    if isinstance(block, Items):
        items = tuple(tuple(_without(inner, poor) for inner in item) for item in block.items)
        return replace(block, items=items)
    return block


@cache
def _fonts(folders: tuple[str, ...] = ()) -> Any:
    import typst

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[str(fonts.folder()), *folders],
    )


@cache
def _template() -> bytes:
    return Path(__file__).with_name("briefing.typ").read_bytes()
