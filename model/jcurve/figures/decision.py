"""The questions about the decision that a report asks, each once and only where it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from jcurve.figures.lens import Lens
from jcurve.figures.prose import Prose, callout, strong

if TYPE_CHECKING:
    from jcurve.analysis.belief_pairs import BeliefMap
    from jcurve.analysis.marginal import Marginal
    from jcurve.analysis.market_implied import PriceLine
    from jcurve.analysis.scale import ScaleStudy
    from jcurve.case import Case
    from jcurve.ground.project import Project

__all__ = ["Decision", "closed"]


@dataclass(frozen=True)
class Decision:
    """What can still be decided in a case.

    Attributes:
        case: an evaluated scenario.
        project: where the model's data are.
    """

    case: Case
    project: Project | None = None

    @cached_property
    def is_open(self) -> bool:
        """Whether the case spends anything after the valuation date that stopping would not."""
        return not Lens(self.case, "go_forward").is_empty

    @cached_property
    def size(self) -> ScaleStudy:
        """NPV against the size of the plan."""
        from jcurve.analysis.scale import SCALES, scale_study

        return scale_study(self.case.scenario, SCALES[::2], project=self.project)

    @cached_property
    def beliefs(self) -> BeliefMap:
        """The plan's value over response and demand."""
        from jcurve.analysis.belief_pairs import belief_map

        return belief_map(self.case.scenario, project=self.project)

    @cached_property
    def marginal(self) -> Marginal:
        """What the last dollars of each year return."""
        from jcurve.analysis.marginal import marginal_returns

        return marginal_returns(self.case.scenario, project=self.project)

    @cached_property
    def prices(self) -> tuple[PriceLine, ...]:
        """What share prices ask for, the newest first."""
        from jcurve.analysis.market_implied import price_implied

        return price_implied(self.case.scenario, project=self.project)


def closed() -> Prose:
    """In place of an exhibit where nothing is left to decide."""
    return callout(
        [strong("Nothing to decide. "), "This scenario plans no spending that stopping would save."]
    )
