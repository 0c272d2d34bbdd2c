"""The simulation behind a picture: it grows, a few draws at a time, while one looks.

Draws are those of ``jcurve simulate`` around the present state: every assumption with a range at
once, correlated as on file. Cases that break a rule between assumptions are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jcurve.analysis.correlation import among, correlations_on_file
from jcurve.analysis.question import Array, Question
from jcurve.analysis.sampling import Plan, Sampler, Unit, varied
from jcurve.case import Case
from jcurve.engine.model import SHARED
from jcurve.ground.project import Project
from jcurve.workbench.live_charts import picture_of, placed, side_of

AT_A_TIME = 128  # Draws to an answer: what takes no longer than a glance notices

MOST = 1024
_LOW, _HIGH = 0.1, 0.9


class Band:
    """The simulated cases of some pictures of one state."""

    def __init__(self, case: Case, pictures: Sequence[tuple[str, str]], project: Project) -> None:
        self.of = (case.scenario.hash, tuple(pictures))
        self._case = case
        model = case.assembly.model
        named = [(picture_of(name, model), side) for name, side in pictures]
        self._shown = [(what, side_of(what, side, model)) for what, side in named]
        outputs = []
        for what, side in self._shown:
            tagged = case.assembly.model.tags(what.line) != (SHARED,)
            name = f"{what.line}@{side}" if tagged else what.line
            outputs.append(f"{name}:{'quarter' if what.cumulative else 'year'}")
        self._outputs = outputs
        asked = tuple(dict.fromkeys(outputs))
        question = Question(case.scenario, asked, project, known=case)
        keys = tuple(item.key for item in varied(case.scenario))
        pairs = tuple(sorted(among(correlations_on_file(project), set(keys)).items()))
        plan = Plan(question, MOST.bit_length() - 1, 1, keys=keys, correlations=pairs)
        self._question, self._sampler = question, Sampler(plan)
        self._drawn = 0
        self._found: dict[str, list[Array]] = {name: [] for name in asked}

    def grow(self) -> dict[str, Any]:
        """Evaluate some more draws.

        Returns:
            ``draws`` so far, whether there are ``more``, and for each picture the ends of the
            middle 80% at the places of its curve.
        """
        if self._drawn < MOST:
            drawn = self._sampler.draws(Unit(0, self._drawn, AT_A_TIME))
            rows = self._question.rows(drawn)
            kept = np.broadcast_to(self._question.valid_rows(rows), (AT_A_TIME,))
            for name, values in self._question.answers(rows).items():
                wide = np.broadcast_to(values, (values.shape[0], AT_A_TIME))
                self._found[name].append(wide[:, kept])
            self._drawn += AT_A_TIME
        return {
            "draws": self._drawn,
            "more": self._drawn < MOST,
            "bands": [
                self._band(name, *shown)
                for name, shown in zip(self._outputs, self._shown, strict=True)
            ],
        }

    def _band(self, name: str, what: Any, side: str) -> dict[str, Any]:
        drawn = np.concatenate(self._found[name], axis=1)
        low, high = np.nanquantile(drawn, (_LOW, _HIGH), axis=1)
        x, lows = placed(what, side, self._case, low)
        label = f"80% of {drawn.shape[1]:,} simulated cases"
        return {
            "x": x,
            "low": lows,
            "high": placed(what, side, self._case, high)[1],
            "label": label,
        }
