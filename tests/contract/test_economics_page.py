"""The page on the economics is held to the model."""

from __future__ import annotations

import re
from pathlib import Path

import jcurve

PAGE = Path(__file__).resolve().parents[2] / "docs" / "economics.md"


def test_keys_on_the_page_exist() -> None:
    base = jcurve.scenario("base")
    text = PAGE.read_text(encoding="utf-8")
    keys = set(re.findall(r"`([a-z_]+\.[a-z_]+(?:\.[a-z_]+)?)`", text))
    assert len(keys) > 15
    assert {key for key in keys if not key.startswith("life.change")} <= set(base.assumptions)
