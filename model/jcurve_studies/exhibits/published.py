"""The model beside others: published models, guidance and consensus, what history says."""

from __future__ import annotations

from collections.abc import Sequence

from jcurve.case import Case
from jcurve.figures.exhibit import Column, Row, TableExhibit, heading, saying, table
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import (
    MILLIONS,
    amount,
    lowered,
    money,
    percent,
    span,
    spelt,
    written,
)
from jcurve.ground.project import Where
from jcurve_studies.comparisons.cross_check import TOLERANCE, Comparison, compare, references
from jcurve_studies.comparisons.published_models import (
    bernstein_gigawatt,
    published_models,
    rebuilt,
)
from jcurve_studies.comparisons.response import Fit, Line, Study
from jcurve_studies.fits.lives import changes_of, cut

_SOURCE = "published models, rebuilt by J-Curve"


def every_answer(project: Where = None) -> TableExhibit:
    """Every printed answer beside ours: reproduced, or why not."""
    rows: list[Row] = []
    found = rebuilt(project)
    whole = sum(each.reproduced for each in found)
    for model in dict.fromkeys(each.model for each in found):
        rows.append(heading(model))
        for each in (each for each in found if each.model == model):
            digits = max(each.printed.digits, 0)
            ours = None if each.ours is None else round(each.ours, each.printed.digits)
            cells = (
                each.printed.figure,
                each.printed.unit,
                f"{each.printed.value:,.{digits}f}",
                "" if ours is None else f"{ours:,.{digits}f}",
                each.printed.note or each.status,
                each.printed.source.source_id,
            )
            rows.append(Row.of(*cells, indent=1))
    return table(
        ["Figure", "Unit", "Printed", "Ours", "Reproduced, or why not", "Source"],
        rows,
        id="published-figures",
        title=f"Of {len(found)} published answers, {whole} can be reproduced to the printed digits",
        subtitle="Worked out from the inputs that each author prints, and from nothing else",
        source=_SOURCE,
        dense=True,
    )


def own(case: Case, project: Where = None) -> TableExhibit:
    """Answers of models that count something else, beside the case's own."""
    models = published_models(project)
    years = case.assembly.timeline.years

    def ours(line: str, year: int, world: str = "with") -> float:
        return float(case.year(line, world)[years.index(year)]) / MILLIONS

    flows = [
        (
            f"fberl: net AI cash of Meta, {year}",
            money(models["fberl"].answer(f"Meta: net AI cash, {year}"), sign=True),
            money(ours("unlevered_free_cash_flow", year, "programme"), sign=True),
            "Theirs takes all capital expenditure as AI and no uplift of advertising; ours is free "
            "cash flow after tax of the programme against a company without it, uplift in.",
        )
        for year in (2025, 2026)
    ]
    bernstein, burry = models["Bernstein"], models["Burry"]
    spent = ours("capex", 2025)
    cost = bernstein_gigawatt(
        *(bernstein.given(name) for name in ("compute", "infrastructure", "kilowatts"))
    )
    added = [ours("power", year) - ours("power", year - 1) for year in (2025, 2026)]
    shorter = cut(case.assembly, case.values, changes_of(case.scenario), "2026Q1", 3.0).extra
    extra = sum(shorter[year] for year in (2026, 2027, 2028)) / MILLIONS
    share = shorter[2028] / MILLIONS / ours("operating_income", 2028)
    understated = burry.answer("Depreciation understated, 2026-28")
    overstated = burry.answer("Meta's earnings overstated, 2028")
    rows = [
        *flows,
        (
            f"Bernstein: gigawatts for the {money(spent)} of 2025",
            f"{spent / cost.gigawatt:.1f} GW",
            f"{added[0]:.1f} GW more in 2025, {added[1]:.1f} in 2026",
            "Theirs is what the outlay buys were all of it racks with their site; ours is power "
            "drawn by compute in service, which follows spending by the placement lags and leaves "
            "out offices, land and sites still being built.",
        ),
        (
            "Burry: depreciation understated, 2026 to 2028",
            f"{money(understated)}, the industry; {overstated:.1f}% of Meta's earnings in 2028",
            f"{money(extra)}, Meta alone; {percent(share, 0)} of its operating income in 2028",
            "Ours is what a life of 3 years from 2026 on would add, expensing at once what is "
            "older; no cash moves. That such a life is right is Burry's claim, not ours.",
        ),
        (
            "ZeroDayDoom: value of a Microsoft share",
            f"{models['ZeroDayDoom'].answer('Value a share'):.2f}",
            "none",
            "Microsoft is seen through its outlays alone here: no revenue, cost or tax is forecast "
            "for it.",
        ),
    ]
    return table(
        ["Model", "Theirs", "Ours", "What each counts"],
        rows,
        id="published-own",
        title="Answers that count something else, beside our own",
        source=[_SOURCE, *Lens(case).modelled()],
    )


def cross_check(case: Case, project: Where = None) -> TableExhibit:
    """Lines of the statements beside what was guided and what analysts expected."""
    found = compare(case, references(project))
    rows = [
        (
            f"{each.about.label}, {each.about.period}", each.unit, each.model, each.reference,
            _range(each),
            each.difference,
            each.verdict if each.agrees else f"{each.verdict}: {each.about.explanation}",
            ", ".join(sorted({evidence.grade for evidence in each.about.references})),
            "; ".join(f"{evidence.key} ({evidence.as_of})" for evidence in each.about.references),
        )
        for each in found
    ]  # fmt: skip
    return table(
        [
            "Figure",
            "Unit",
            Column(label="Model", decimals=1),
            Column(label="Published", decimals=1),
            "Range",
            Column(label="Difference", style="percent", decimals=1, sign=True),
            "Verdict",
            "Grade",
            "Evidence",
        ],
        rows,
        id="cross-check",
        title=f"Of {len(found)} lines, {sum(each.agrees for each in found)} agree with guidance or "
        "consensus",
        subtitle=f"Within {TOLERANCE:.0%}, or inside the range that was guided",
        source="register of the cross-check; addresses of the evidence are in docs/sources.md",
        dense=True,
    )


def expected(lens: Lens) -> TableExhibit:
    """Lines of a case beside what the company guides and what analysts expect, in dollars."""
    found = [
        each
        for each in compare(lens.case, references(lens.project))
        if each.unit == "USD bn" and "-" not in each.about.period
    ]
    widest = max(found, key=lambda each: abs(each.model - each.reference))
    rows = [
        saying(
            lens.clause(each.about.line),
            each.about.label,
            lens.quarter(each.about.period),
            each.model,
            each.reference,
            _range(each),
            _whose(each),
            each.model - each.reference,
        )
        for each in found
    ]
    gap = widest.model - widest.reference
    return table(
        [
            ("Line, USD bn", 2.4),
            ("Period", 1.2),
            Column(label="J-Curve", decimals=1),
            Column(label="Expected", decimals=1),
            Column(label="Range", style="text", figures=True),
            "By whom",
            Column(label="Difference", decimals=1, sign=True),
        ],
        rows,
        id="expected",
        title=f"The widest gap to what is expected is {lowered(widest.about.label)} of "
        f"{lens.quarter(widest.about.period)}: {money(abs(gap))} {'above' if gap > 0 else 'below'}",
        subtitle="The company's lines as the model has them beside guidance, consensus and brokers",
        source=[
            "consensus of 29 July 2026 and brokers as the register of evidence cites them",
            *lens.source(),
        ],
        reading=f"Guidance is {_agreed(found, 'Guidance')}; consensus is "
        f"{_agreed(found, 'Consensus')}. The documentation says why lines differ.",
        dense=True,
    )


def _range(each: Comparison) -> str:
    if each.low is None or each.high is None:
        return ""
    return span(amount(each.low), amount(each.high))


def _whose(each: Comparison) -> str:
    if each.about.test == "guided":
        return "Guidance"
    cited = [evidence.key for evidence in each.about.references]
    return "Consensus" if all(key.startswith("CONS_") for key in cited) else "Brokers"


def _agreed(found: Sequence[Comparison], whose: str) -> str:
    own = [each for each in found if _whose(each) == whose]
    kept = sum(each.agrees for each in own)
    if kept == len(own):
        return "met in every line"
    return f"met in {spelt(kept) if kept else 'none'} of {spelt(len(own))} lines"


def response_fit(study: Study) -> TableExhibit:
    """Each fit through the origin and with a constant, then what the same arithmetic gives where
    there can be no response; a standard error stands only in a row that says what it is worth."""
    slopes = [each.constant.slope for each in study.readings if each.constant is not None]
    low, high = min(slopes), max(slopes)
    false = [each.constant.slope for each in study.placebos if each.constant is not None]
    most = max(false)
    return table(
        [
            ("", 2.4),
            Column(label="Slope", group="Through the origin", style="text"),
            Column(label="Constant", unit="points a year", group="With a constant", style="text"),
            Column(label="Slope", group="With a constant", style="text"),
            ("What it says", 3),
        ],
        [
            heading("The company's growth less its market's, on growth of compute"),
            *map(_row, study.readings),
            heading("Placebos: the same arithmetic where nothing should be found"),
            *map(_row, study.placebos),
            Row.of(
                "Random paths of compute, as persistent",
                f"{_number(study.random_origin[0])} ± {_number(study.random_origin[1])}",
                "", f"{percent(study.steeper, 0)} as steep",
                "Mean and spread of the slopes through the origin; share of the slopes with a "
                "constant that reach the first line's", indent=1,
            ),
        ],
        id="response-fit",
        title=f"History reads an elasticity of {_number(low)} to {_number(high)}, and up to "
        f"{_number(most)} where there can be none",
        subtitle=f"Elasticity of advertising to ranking compute, growth on the year of "
        f"{len(study.quarters)} overlapping quarters, {study.quarters[0]} to {study.quarters[-1]}. "
        "In brackets: plain standard error; standard error for overlapping quarters (HAC)",
        source="reported advertising of the company, Google and Amazon; compute as modelled from "
        "reported capex",
        reading="Through the origin the slope is the mean gap over the mean growth of compute and "
        "carries no information on response. With a constant it rests on one acceleration. "
        f"{study.placebos[-1].says}. The elasticity is a belief, and no standard error here makes "
        "it a measurement.",
        dense=True,
    )  # fmt: skip


def _row(line: Line) -> Row:
    cells = (line.label, _slope(line.origin), *_constant(line.constant), line.says)
    return Row.of(*cells, indent=1)


def _constant(fit: Fit | None) -> tuple[str, str]:
    if fit is None or fit.constant is None or fit.constant_error is None:
        return "", ""
    beside = ""
    if fit.control is not None and fit.control_error is not None:
        beside = f"; Google {written(fit.control, decimals=1)} ({fit.control_error:.1f})"
    points = f"{written(fit.constant, decimals=1)} ({fit.constant_error:.1f})"
    return points, _slope(fit) + beside


def _slope(fit: Fit) -> str:
    return f"{_number(fit.slope)} ({fit.error:.3f}; {fit.hac:.3f})"


def _number(value: float) -> str:
    return written(value, decimals=3)
