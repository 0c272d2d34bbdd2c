"""The model beside others: published models, guidance and consensus, what history says."""

from __future__ import annotations

from collections.abc import Sequence

from jcurve.case import Case
from jcurve.figures.exhibit import Column, Row, TableExhibit, heading, saying, table
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import (
    MILLIONS,
    amount,
    joined,
    lasting,
    lowered,
    money,
    percent,
    span,
    spelt,
)
from jcurve.ground.project import Project, Where
from jcurve_studies.comparisons.cross_check import TOLERANCE, Comparison, compare, references
from jcurve_studies.comparisons.published_models import bernstein_gigawatt, jpm_ranges, jpm_years
from jcurve_studies.comparisons.rebuilt import (
    COMPANIES,
    Rebuilt,
    net_cash,
    published_models,
    rebuilt,
)
from jcurve_studies.comparisons.response import believed
from jcurve_studies.fits.lives import changes_of, cut

_SOURCE = "published models, rebuilt by J-Curve"


def answers(project: Where = None) -> TableExhibit:
    """Every published model with its answers: reproduced, or why not."""
    found = rebuilt(project)
    whole = sum(each.reproduced for each in found)
    rows: list[Row] = []
    for model in dict.fromkeys(each.model for each in found):
        own = [each for each in found if each.model == model]
        lost = [each for each in own if not each.reproduced]
        notes = dict.fromkeys(each.printed.note for each in lost)
        figures = joined([_figure(each) for each in lost]) if lost else "none"
        done = len(own) - len(lost)
        rows.append(Row.of(model, len(own), done, figures, " ".join(notes)))
    return table(
        [
            "Model",
            Column(label="Answers"),
            Column(label="Reproduced"),
            ("Not reproduced", 1.6),
            ("Why not", 3),
        ],
        rows,
        id="published-answers",
        title=f"Of {len(found)} published answers, {whole} can be reproduced to the printed digits",
        subtitle="Worked out from the inputs that each author prints, and from nothing else",
        source=_SOURCE,
        reading="An answer that cannot be reproduced rests on inputs that its author does not "
        "print. The documentation sets every answer beside ours.",
        dense=True,
    )


def _figure(each: Rebuilt) -> str:
    digits = max(each.printed.digits, 0)
    ours = "" if each.ours is None else f" (ours: {each.ours:,.{digits}f})"
    return f"{each.printed.figure}: {amount(each.printed.value, each.printed.unit)}{ours}"


def every_answer(project: Where = None) -> TableExhibit:
    """Every printed answer beside ours."""
    rows: list[Row] = []
    found = rebuilt(project)
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
                each.status,
                each.printed.source.source_id,
            )
            rows.append(Row.of(*cells, indent=1))
    return table(
        ["Figure", "Unit", "Printed", "Ours", "Status", "Source"],
        rows,
        id="published-figures",
        title="Every printed answer beside ours",
        source=_SOURCE,
        dense=True,
    )


def readings(project: Where = None) -> TableExhibit:
    """What rounding and range of its inputs allow of J.P. Morgan's answer."""
    jpm = published_models(project)["J.P. Morgan"]
    printed = jpm.answer("Revenue needed")
    outlays = jpm.given("outlay.low"), jpm.given("outlay.high")
    rate, years = jpm.given("rate"), jpm.given("years")
    return table(
        [
            ("Reading of spending and its years", 2),
            Column(label="From"),
            Column(label="To"),
            f"{printed:,.0f} in it",
        ],
        [
            (each.reading, each.low, each.high, "yes" if each.holds else "no")
            for each in jpm_ranges(printed, outlays, rate, years)
        ],
        id="published-readings",
        title=f"J.P. Morgan's ${printed:,.0f}bn follows from no printed input, and contradicts "
        f"none",
        subtitle=f"USD bn a year at a return of {rate:.0%}; years, margin and the spending behind "
        "it are not printed",
        source=_SOURCE,
        reading=f"Whole years come nearest at {years:g}; the printed answer itself needs "
        f"{lasting(jpm_years(printed, outlays[0], rate))} for the least spending.",
    )


def cash(project: Where = None) -> TableExhibit:
    """The cash count of fberl for every company whose inputs it prints."""
    model = published_models(project)["fberl"]
    rows = [
        (company, str(year), *net_cash(model, company, year))
        for company in COMPANIES
        for year in (2025, 2026)
    ]
    return table(
        [
            "Company",
            "Year",
            Column(label="Accelerators", decimals=1),
            Column(label="Running them", decimals=2),
            Column(label="Net AI cash", decimals=1, sign=True),
        ],
        rows,
        id="published-cash",
        title="The cash count of fberl for five companies",
        subtitle="USD bn; answers are printed for Meta alone, the others are ours",
        source=_SOURCE,
        reading="It counts direct AI revenue only: none of what AI adds to advertising, search or "
        "cloud sold as before.",
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


def by_elasticity(case: Case, project: Project | None = None) -> TableExhibit:
    """What each elasticity says of reported growth."""
    return table(
        [
            "Elasticity",
            Column(label="From own compute", style="percent", decimals=1, sign=True),
            Column(label="Less what the frontier took", style="percent", decimals=1, sign=True),
            Column(label="Unexplained a year", style="percent", decimals=1, sign=True),
        ],
        [
            (f"{each.elasticity:g}", each.own, each.relative, each.unexplained)
            for each in believed(case, project=project)
        ],
        id="growth-by-elasticity",
        title="What an elasticity says of reported growth",
        subtitle=f"Growth in logarithms: of the four quarters to {case.data_through} from compute, "
        "the mean of eight quarters for what is unexplained",
        source=Lens(case).compared("filings"),
    )


def share_value(case: Case) -> TableExhibit:
    """Value per share in each case beside the reference price."""
    price = float(case.row("shares_reference_price")[-1])
    names = {"with": "With the programme", "stopped": "Stopped now", "without": "Without it"}
    values = {name: float(case[f"value_per_share@{world}"]) for world, name in names.items()}
    return table(
        [
            "Case",
            Column(label="USD per share"),
            Column(label="Over the price", style="percent", sign=True),
        ],
        [(name, value, value / price - 1) for name, value in values.items()],
        id="share-value",
        title="A share with the programme is worth "
        f"{percent(values[names['with']] / price, 0)} of its price",
        subtitle=f"Reference price ${price:,.2f}; discounted cash flow of each case, "
        "perpetuity included",
        source=Lens(case).modelled(),
    )
