"""Several files replaced in one transaction: all or none, also after a kill or a power cut.

The new contents are staged beside their targets and flushed; then a journal that names them is
written in one step, which is the moment of the change; then each staged file is renamed over its
target, and the journal is removed. A process that ends before the journal leaves everything as
it was. One that ends after it leaves a journal, and whoever reads next (:func:`recover`) renames
the rest before reading, so that no reader begins on a half state.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from jcurve.ground.errors import WriteError
from jcurve.ground.files import clear_abandoned, digest, flush_folder, write_file, write_json

JOURNAL = ".replacing.json"  # The journal's name in the folder whose files are replaced

_STAGED = ".staged"


@dataclass(frozen=True, slots=True)
class _Step:
    """One staged file, its target, and the digest of the new content; names in the folder."""

    staged: str
    target: str
    digest: str


def replace_all(folder: Path, changes: Mapping[str, str]) -> None:
    """Replace files under ``folder``, all or none.

    Args:
        folder: holds the journal while the files are replaced.
        changes: the whole new text of each file by its path relative to ``folder``.

    Raises:
        WriteError: a file cannot be written; before the journal all are unchanged, after it the
            next reader goes on. Or an earlier change cannot be finished (see :func:`recover`).
    """
    recover(folder)
    token = secrets.token_hex(4)
    steps: list[_Step] = []
    try:
        for name, text in changes.items():
            target = folder / name
            clear_abandoned(target, _STAGED)
            clear_abandoned(target.with_name(f".{target.name}"), f"{_STAGED}.*.tmp")
            staged = target.with_name(f".{target.name}.{token}{_STAGED}")
            mark = sha256(text.encode()).hexdigest()
            steps.append(_Step(str(staged.relative_to(folder)), name, mark))
            write_file(staged, text)
        write_json(folder / JOURNAL, [asdict(each) for each in steps])
    except BaseException:
        if not (folder / JOURNAL).exists():
            for each in steps:
                with suppress(OSError):
                    (folder / each.staged).unlink()
        raise
    recover(folder)


def recover(folder: Path) -> bool:
    """Carry out what is left of a change that a journal in ``folder`` names.

    Done twice, or by two processes at a time, it comes to the same.

    Returns:
        Whether there was one.

    Raises:
        WriteError: the journal is no journal, a staged file is lost, or a rename fails. Nothing
            is renamed unless all can be.
    """
    journal = folder / JOURNAL
    try:
        text = journal.read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    except OSError as error:
        raise WriteError(f"unreadable journal: {error}", where=str(journal)) from error
    steps = _read(folder, text)
    try:
        left = [each for each in steps if not _done(folder, each)]
        for each in left:
            with suppress(FileNotFoundError):  # another process was faster
                os.replace(folder / each.staged, folder / each.target)
        for parent in {(folder / each.target).parent for each in steps}:
            flush_folder(parent)
        journal.unlink(missing_ok=True)
        flush_folder(folder)
    except OSError as error:
        raise WriteError(
            f"an interrupted change of several files cannot be finished ({error.strerror})",
            where=str(journal),
            allowed="a folder that you may write to",
        ) from error
    return True


def _read(folder: Path, text: str) -> list[_Step]:
    try:
        return [_Step(**{k: str(v) for k, v in each.items()}) for each in json.loads(text)]
    except (ValueError, TypeError, AttributeError) as problem:
        raise WriteError("not a journal", where=str(folder / JOURNAL)) from problem


def _done(folder: Path, step: _Step) -> bool:
    """Whether the target is replaced already."""
    with suppress(FileNotFoundError):
        if digest(folder / step.staged) == step.digest:
            return False
    with suppress(FileNotFoundError):
        if digest(folder / step.target) == step.digest:
            return True
    raise WriteError(
        "an interrupted change of several files cannot be finished: this file is neither as it "
        "was meant to be nor staged",
        where=str(folder / step.target),
        allowed=f"restore the folder from version control and remove {JOURNAL}",
    )
