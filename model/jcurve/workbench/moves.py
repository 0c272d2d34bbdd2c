"""A dated assumption that is moved as one between its low and its high path."""

from __future__ import annotations

import numpy as np

from jcurve.assumptions import Assumption, Path, position

__all__ = ["moved_path", "position_of"]


def position_of(item: Assumption, own: Path, moved: Path) -> float | None:
    """The position at which ``own`` becomes ``moved``, None where there is none."""
    before, after = own.over(), moved.over()
    up = after.sum() > before.sum()
    step = (item.highs() - before) if up else (before - item.lows())
    widest = int(step.argmax())
    if not step[widest]:
        return None
    at = round(float((after - before)[widest] / step[widest]), 4)
    alike = [f"{v:.6g}" for v in moved_path(item, own, at).over()] == [f"{v:.6g}" for v in after]
    return at if alike else None


def moved_path(item: Assumption, value: Path, at: float) -> Path:
    """The path at a position, told at the points of the value and of its range."""
    paths = [each for each in (value, item.low, item.high) if isinstance(each, Path)]
    periods = sorted({period for path in paths for period in path.periods})
    over = position(item, np.array([at]))[:, 0]
    points = tuple((each, float(f"{over[each - value.first]:.6g}")) for each in periods)
    return Path(value.by, value.between, points)
