"""Secrets come from the environment only, and never reach an artefact.

Whatever is to be published or kept is searched for the values of the environment's secret
variables, as they are and as JSON, HTML, URLs and base64 write them.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import unicodedata
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from jcurve.ground.files import write_file

_NAMES = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL", re.IGNORECASE)
_MAIL = "JCURVE_SMTP_"
_SHORTEST = 8  # shorter values would be found everywhere
_TEXTS = (".ipynb", ".json", ".html", ".txt")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def secret_values(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Name and value of each secret of the environment.

    The mail account's password always counts; a shorter one than 8 characters elsewhere
    does not, since it could not be told from chance.
    """
    given = os.environ if environment is None else environment
    found = {}
    for name, value in given.items():
        shortest = 1 if name.startswith(_MAIL) else _SHORTEST
        if _NAMES.search(name) and len(value) >= shortest:
            found[name] = value
    return found


def without_mail_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for notebooks: none of them needs to know how mail is sent."""
    return {name: value for name, value in environment.items() if not name.startswith(_MAIL)}


def find_secret(folder: Path, secrets: Mapping[str, str]) -> tuple[str, str] | None:
    """The first file of a folder that holds a secret, and the variable's name; else None."""
    forms = {name: list(_forms(value)) for name, value in secrets.items()}
    if not forms:
        return None
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = _content(path)
        for name, written in forms.items():
            if any(form in content for form in written):
                return path.name, name
    return None


def redact(folder: Path, secrets: Mapping[str, str]) -> None:
    """Take secrets out of a folder's texts; delete any other file that holds one."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = _content(path)
        changed = content
        for name, value in secrets.items():
            for form in _forms(value):
                changed = changed.replace(form, f"[{name}]".encode())
        if changed == content:
            continue
        if path.suffix in _TEXTS:
            write_file(path, changed, durable=False)
        else:
            path.unlink()


def cleaned(text: str, secrets: Mapping[str, str]) -> str:
    """A message without secrets."""
    for name, value in secrets.items():
        for form in _forms(value):
            for errors in ("surrogateescape", "replace"):
                text = text.replace(form.decode(errors=errors), f"[{name}]")
    return text


def _forms(value: str) -> Iterator[bytes]:
    """A value as the formats of an edition write it, the longest first.

    The environment may hold any bytes; Python reads those that are no UTF-8 as lone surrogates,
    which programs write in several ways.
    """
    raw = os.fsencode(value)
    texts = [
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        html.escape(value),
        repr(value)[1:-1],
        repr(raw)[2:-1],
    ]
    encoded = {
        raw,
        urllib.parse.quote(raw, safe="").encode(),
        urllib.parse.quote_plus(raw).encode(),
        raw.decode("latin-1").encode(),
        *(
            text.encode(errors=errors)
            for text in texts
            for errors in ("surrogateescape", "surrogatepass", "backslashreplace", "replace")
        ),
    }
    # Base64 depends on where in a longer text the value begins: take what never changes.
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw).decode()
        inner = text[(shift * 8 + 5) // 6 : len(text) - 4]
        if len(inner) >= _SHORTEST:
            encoded.add(inner.encode())
    yield from sorted(filter(None, encoded), key=len, reverse=True)


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts_of_it:
            return b"\n".join(parts_of_it.read(name) for name in parts_of_it.namelist())
    if path.suffix != ".pdf":
        return content
    parts = [content]
    for stream in _STREAM.findall(content):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


def one_line(text: str, longest: int = 160) -> str:
    """Text from outside for a header or a line of text: no line ends, nothing invisible.

    Directional and zero-width characters are left out, so that what is read is what it says.
    """
    seen = "".join(
        " " if unicodedata.category(mark) in ("Cc", "Zl", "Zp") else mark
        for mark in text
        if unicodedata.category(mark) not in ("Cf", "Co", "Cs", "Cn")
    )
    line = " ".join(seen.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
