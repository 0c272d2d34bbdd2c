"""A batch in which each scenario changes one assumption; the last one changes none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import jcurve

__all__ = ["one_at_a_time"]


def one_at_a_time(
    case: jcurve.Case, keys: Sequence[str], factor: float, step: float
) -> dict[str, np.ndarray]:
    """Rows of a case, (quarter or 1, keys + 1).

    Args:
        case: whose assumptions.
        keys: one a column, in order.
        factor, step: the changed value is the old one times ``factor`` plus ``step``; a switch or
            choice turns to its other position.
    """
    rows = dict(case.assumption_rows)
    for at, key in enumerate(keys):
        row = case.assumption_rows[key]
        turned = key in case.scenario and case.scenario[key].unit in ("switch", "choice")
        wide = np.repeat(row, len(keys) + 1, axis=1)
        wide[:, at] = (1 - row if turned else row * factor + step)[:, 0]
        rows[key] = wide
    return rows
