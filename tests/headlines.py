"""The recorded headline numbers of every scenario: read, compared, rewritten.

``make headlines`` (``python -m tests.headlines``) rewrites ``tests/reference/headlines.json``
and prints what moved, in the words that ``CHANGELOG.md`` wants. A test compares the record
with the model, and the changelog with the record.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from jcurve.evaluation.naming import headline_text
from jcurve.ground.files import write_file
from jcurve.ground.project import Project
from jcurve_studies.pages.study import study_of

__all__ = ["CHANGELOG", "RECORD", "computed", "fingerprint", "moves", "recorded", "told"]

HOME = Path(__file__).resolve().parents[1]
RECORD = HOME / "tests" / "reference" / "headlines.json"
CHANGELOG = HOME / "CHANGELOG.md"
TOLERANCE = 1e-9
_SHORT = 8

Headlines = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]
"""Scenario, view, name: value with unit, or null with a reason."""


def computed(project: Project | None = None) -> Headlines:
    """What the model gives now."""
    every = study_of(project or Project(HOME)).cases
    return {case.scenario.name: case.headlines() for case in every}


def recorded() -> Headlines:
    """What was recorded last; nothing before the first time."""
    if not RECORD.is_file():
        return {}
    found: Headlines = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def fingerprint(headlines: Headlines) -> str:
    """Eight digits that change when a headline does; the changelog names them."""
    text = json.dumps(headlines, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:_SHORT]


def moves(before: Headlines, after: Headlines) -> Iterator[str]:
    """Each headline that differs, in words, the base scenario first."""
    names = dict.fromkeys((*after, *before))
    for scenario in names:
        if scenario not in before or scenario not in after:
            yield f"{scenario}: {'new' if scenario in after else 'gone'}"
            continue
        one, other = before[scenario], after[scenario]
        for view in dict.fromkeys((*other, *one)):
            old, new = one.get(view, {}), other.get(view, {})
            for name in dict.fromkeys((*new, *old)):
                if not _same(old.get(name), new.get(name)):
                    yield f"{scenario} {name}.{view}: {_words(old.get(name), new.get(name))}"


def told(changelog: str, headlines: Headlines) -> bool:
    """Whether the changelog has a line for the headlines as they are recorded."""
    mark = f"`{fingerprint(headlines)}`"
    return any(mark in line and line.lstrip().startswith("- ") for line in changelog.splitlines())


def _same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    values = one["value"], other["value"]
    if all(isinstance(value, int | float) for value in values):
        close = math.isclose(*values, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        return close and one["unit"] == other["unit"]
    return dict(one) == dict(other)


def _words(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if old is None or new is None:
        return f"new, {headline_text(new)}" if new is not None else "gone"
    text = f"{headline_text(old)} to {headline_text(new)}"
    one, other = old["value"], new["value"]
    if all(isinstance(value, int | float) for value in (one, other)) and one:
        text += f" ({100 * (other - one) / abs(one):+.3g} %)"
    return text


def main() -> int:
    """Rewrite the record; say what moved and what the changelog needs."""
    before, after = recorded(), computed()
    found = list(moves(before, after))
    if not found and before:
        print("no headline moved")
        if not told(CHANGELOG.read_text(encoding="utf-8"), before):
            print(f"CHANGELOG.md has no line with - Headlines `{fingerprint(before)}`: ")
        return 0
    write_file(RECORD, json.dumps(after, indent=1, ensure_ascii=False) + "\n")
    print(*found, sep="\n")
    print(
        f"\n{len(found)} moved. Under 'Unreleased' in CHANGELOG.md write which number moved, by\n"
        "how much and why, beginning with:\n"
        f"- Headlines `{fingerprint(after)}`: "
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
