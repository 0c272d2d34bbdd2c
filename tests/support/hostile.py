"""Names and values meant to do harm where text is taken for something else."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import yaml

__all__ = ["EXCEL", "HOSTILE", "TWENTY", "hostile_project"]

HOSTILE: tuple[str, ...] = (
    # Python
    "x = 1\nimport os\nos.abort()\ny",
    "__import__('os').abort()",
    "'); __import__('os').abort() #",
    '"""; import os; os.abort(); """',
    "{x.__class__.__mro__[1].__subclasses__()}",
    "%(os.system('touch pwned'))s",
    "%timeit 1",
    "!touch pwned",
    "\\'; import os; os.abort() #",
    "lambda: exit()",
    # YAML
    "!!python/object/apply:os.abort []",
    "&a [*a, *a]",
    "a: {b: c}",
    "- item\n- item",
    "key: value\n---\nother: document",
    "<<: *base",
    "? complex : key",
    "*alias",
    "| \n block",
    "# comment",
    "@reserved",
    "no: on: 1:30",
    # HTML
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "</td></tr></table><h1>x",
    "<iframe src='file:///etc/passwd'></iframe>",
    "<base href='https://example.org/'>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "&lt;script&gt;&#x3c;b&#62;",
    "<!-- --><![CDATA[ ]]>",
    "</title></style><script>1</script>",
    # Typst
    '#panic("x")',
    '#read("/etc/passwd")',
    '#import "/etc/passwd": *',
    "$ x^2 $ #let x = 1",
    "*strong* _em_ `raw` = Heading",
    "@cite <label> //comment /* open",
    "\\u{202e} \\ #sys.inputs",
    "#while true {}",
    # shell
    "; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "| touch pwned",
    "&& touch pwned",
    "-rf /",
    "--help",
    "> /etc/passwd",
    "$HOME ~ *",
    # paths
    "../../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\system32",
    "C:\\windows",
    "a/../../b",
    ".",
    "..",
    ".hidden",
    "name\x00.html",
    "%2e%2e%2f",
    "CON ",
    "a" * 300,
    "file:///etc/passwd",
    # mail headers
    "x\r\nBcc: thief@example.org",
    "x\nContent-Type: text/html\n\n<b>",
    "x\r\n.\r\nMAIL FROM:<a@b>",
    "=?utf-8?q?x=0ABcc:_a@b?=",
    "=\u200b?utf-8?q?x=0ABcc:_a@b?=",
    "=?utf-8?b?eApCY2M6IGFAYg==?=",
    "a@example.org, thief@example.org",
    '"a@b" <thief@example.org>',
    # template braces
    "{{7*7}}",
    "{0.__class__}",
    "{scenario}",
    "${7*7}",
    "<%= 7*7 %>",
    "{% raw %}",
    # marks that are not seen, or turn text around
    "\u202egnp.exe\u202c",
    "base\u200b",
    "ba\u200dse",
    "\ufeffbase",
    "b\u0430se",
    "\u2066base\u2069",
    "line\u2028separator\u2029",
    "\x1b[2J\x1b]0;pwned\x07",
    "tab\tand\x08back\x7f",
    "\U000e0062\U000e0061",
    # SQL and JSON
    "'; DROP TABLE attempts; --",
    '", "state": "succeeded',
    "1 OR 1=1",
    "NaN",
    "null",
)

EXCEL: tuple[str, ...] = (
    '=HYPERLINK("https://x.example","click")',
    "=cmd|' /C calc'!A0",
    '=WEBSERVICE("https://x.example")',
    "=1+1",
    "{=1+1}",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "https://x.example/",
    "mailto:thief@example.org",
    "external:'/etc/passwd'",
    "\x1b]0;x\x07 \x00 \x0b \ufffe",
    "x" * 40_000,
)
"""What a spreadsheet might take for a formula or a link, or not hold."""

TWENTY: tuple[str, ...] = (
    "<script>alert(1)</script> #panic() {{7*7}}",
    "<img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "</td></tr></table><h1>x",
    "<iframe src='file:///etc/passwd'></iframe>",
    "</title></style><script>1</script>",
    "[x](javascript:alert(1))",
    '#read("/etc/passwd")',
    "*strong* _em_ `raw` = Heading",
    "@cite <label> //comment /* open",
    "$ x^2 $ #let x = 1",
    "$(touch pwned)",
    "; touch pwned",
    "../../../../etc/passwd",
    '=HYPERLINK("https://x.example","click")',
    "=cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "=?utf-8?q?x=0ABcc:_a@b?=",
    "<%= 7*7 %> ${7*7} {0.__class__}",
)
"""One of each kind, each of which every file of a project can hold."""


def hostile_project(root: Path) -> Path:
    """A project that says nothing else wherever it may say what it likes: title, story and
    twenty reasons of the scenario ``hostile``, sources, names of the company and its members."""
    home = Path(__file__).parents[2]
    shutil.copytree(home / "data", root / "data")
    texts = iter(TWENTY * 99)

    def quoted(_: object) -> str:
        return json.dumps(next(texts))

    bear = (home / "data" / "scenarios" / "bear.yml").read_text(encoding="utf-8")
    given = yaml.safe_load(bear)["assumptions"]
    lines = ["schema: 2", "name: hostile", "extends: base"]
    lines += [f"title: {quoted('')}", f"story: {quoted('')}", "assumptions:"]
    for key, entry in list(given.items())[: len(TWENTY)]:
        lines += [f"  {key}:", f"    value: {json.dumps(entry['value'])}", f"    why: {quoted('')}"]
    (root / "data" / "scenarios" / "hostile.yml").write_text("\n".join(lines) + "\n")

    path = root / "data" / "companies" / "meta" / "company.yml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"(?<=\ndisplay_name: ).*", quoted, text)
    before, sets, members = text.partition("\nsets:\n")
    members = re.sub(
        r"(?<=^    )(\w+: ).*", lambda found: found[1] + quoted(found), members, flags=re.M
    )
    path.write_text(before + sets + members, encoding="utf-8")

    table = root / "data" / "sources.csv"
    head, *rows = csv.reader(io.StringIO(table.read_text(encoding="utf-8")))
    title, publisher = head.index("title"), head.index("publisher")
    for row in rows:
        row[title], row[publisher] = next(texts), next(texts)
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([head, *rows])
    table.write_text(written.getvalue(), encoding="utf-8")
    return root
