"""The page on the economics is held to the model."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import jcurve
from tests.support.quarters_back import LAST

PAGE = Path(__file__).resolve().parents[2] / "docs" / "economics.md"
ROW = re.compile(r"^\| (0\.\d+) \|((?: [\d.]+ \|){6})$", re.MULTILINE)
DEMAND = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
SCALES = np.linspace(0.0, 1.5, 61)


def test_best_sizes_on_the_page_are_the_models() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    (of,) = re.findall(r"data through (\d{4} Q\d)", text)
    if of != LAST.words:
        pytest.skip(f"the page states sizes on data through {of}")
    stated = {float(e): [float(v) for v in row.split("|")[:-1]] for e, row in ROW.findall(text)}
    assert len(stated) == 6
    elasticities = list(stated)
    count = len(elasticities) * len(DEMAND)
    demand = np.tile(np.repeat(DEMAND, len(SCALES)), len(elasticities))[None, :]
    rows = {
        "programme.scale": np.tile(SCALES, count)[None, :],
        "advertising.compute_elasticity": np.repeat(elasticities, len(DEMAND) * len(SCALES))[None],
    } | {f"demand.{name}": demand for name in ("agents", "assistant", "other")}
    found = jcurve.evaluate_batch(rows, ["npv.go_forward"])["npv.go_forward"]
    best = SCALES[found.reshape(len(elasticities), len(DEMAND), len(SCALES)).argmax(axis=-1)]
    if np.abs(best - [*stated.values()]).max() > 0.03:
        rows_now = (
            f"| {of_row} | {' | '.join(f'{size:.2f}' for size in row)} |"
            for of_row, row in zip(elasticities, best, strict=True)
        )
        told = "docs/economics.md shows older best sizes; put these rows in their place:\n"
        pytest.fail(told + "\n".join(rows_now), pytrace=False)


def test_keys_on_the_page_exist() -> None:
    base = jcurve.scenario("base")
    text = PAGE.read_text(encoding="utf-8")
    keys = set(re.findall(r"`([a-z_]+\.[a-z_]+(?:\.[a-z_]+)?)`", text))
    assert len(keys) > 15
    assert {key for key in keys if not key.startswith("life.change")} <= set(base.assumptions)
