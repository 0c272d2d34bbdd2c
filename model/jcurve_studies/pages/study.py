"""What generated pages are made of: evaluated scenarios and studies, each worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from jcurve.assumptions import shipped
from jcurve.case import Case, evaluate
from jcurve.company import DEFAULT_COMPANY
from jcurve.facts import companies, company
from jcurve.ground.project import Project
from jcurve_studies.backtesting.backtest import Backtest, backtest
from jcurve_studies.backtesting.quarterly import Kept, Quarterly, kept, quarterly
from jcurve_studies.fits.companies import Peer, peer
from jcurve_studies.fits.depreciation import fit
from jcurve_studies.fits.fitting import Calibration
from jcurve_studies.fits.outlays import FORECAST_AFTER


@dataclass(frozen=True)
class Study:
    """What a page may ask of a project; nothing is worked out before it is asked."""

    project: Project

    @cached_property
    def base(self) -> Case:
        """The base scenario."""
        return evaluate(project=self.project)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """Every shipped scenario, the base first."""
        return tuple(evaluate(name, project=self.project) for name in shipped(self.project))

    @cached_property
    def backtest(self) -> Backtest:
        """Forecasts made on what was known then."""
        return backtest(self.project)

    @cached_property
    def quarterly(self) -> Quarterly:
        """Forecasts made after each quarter's results."""
        return quarterly(self.project)

    @cached_property
    def kept(self) -> tuple[Kept, ...]:
        """Forecasts that were kept before a quarter's results."""
        return kept(self.project)

    @cached_property
    def fitted(self) -> Calibration:
        """Depreciation fitted to all that is on file."""
        return fit(project=self.project)

    @cached_property
    def fitted_early(self) -> Calibration:
        """The same through the year after which every company's depreciation is forecast."""
        return fit(int(FORECAST_AFTER), project=self.project)

    @cached_property
    def fitted_late(self) -> Calibration:
        """The same through the year before the last whole one."""
        return fit(company(DEFAULT_COMPANY, self.project).last_year - 1, project=self.project)

    @cached_property
    def peers(self) -> list[Peer]:
        """Every company with a table of outlays, Meta first."""
        folders = [
            name
            for name in companies(self.project)
            if (self.project.data / "companies" / name / "outlay.csv").is_file()
        ]
        folders.sort(key=lambda name: (name != "meta", name))
        return [peer(company(name, self.project).name, self.project) for name in folders]


@lru_cache(maxsize=1)
def study_of(project: Project) -> Study:
    """The study of a project, the same for every page of a process."""
    return Study(project)
