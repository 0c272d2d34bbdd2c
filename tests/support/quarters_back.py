"""The data of a project taken back to an earlier quarter, and a form filled from what was there.

``python -m tests.support.quarters_back ROOT 2026Q1`` takes the data of a project back in place;
without a quarter it brings them forward by one that is made up.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from jcurve.analysis.earlier import taken_back as case_taken_back
from jcurve.assumptions import Path as DatedPath
from jcurve.assumptions import scenario, shipped
from jcurve.case import Case
from jcurve.facts import capex_guidance, company
from jcurve.facts.calendar import expected, releases
from jcurve.facts.entry_form import SOURCE_FIELDS
from jcurve.facts.forecast_records import forecast_records
from jcurve.facts.history import NEEDED
from jcurve.facts.new_quarter import bring_forward, moved_dates, moved_range, plan_of, quarter_form
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

__all__ = [
    "BEFORE", "COMING", "GROWN", "LAST", "case_after", "filled", "known_since",
    "made_up", "taken_back", "whole",
]  # fmt: skip

FOLDER = "companies/meta"
GROWN = 1.03
"""By how much a quarter that is made up is larger than the one before."""
Row = dict[str, str]
LAST = Quarter(company("META").data_through)
"""The last quarter on file."""
COMING, BEFORE = LAST.plus(1), LAST.plus(-1)


def known_since(quarter: str) -> pytest.MarkDecorator:
    """Of a test that states figures of a quarter: it holds once the data reach it."""
    return pytest.mark.skipif(quarter > LAST, reason=f"states figures of {quarter}")


def whole(key: str, points: Mapping[int, float]) -> dict[int, float]:
    """A table in place of a whole path of base: what that has before, and then ``points``."""
    path = scenario()[key].value
    assert isinstance(path, DatedPath)
    return {at: value for at, value in path.points if at < min(points)} | dict(points)


@cache
def case_after(quarter: str) -> Case:
    """The base case after the results of a quarter."""
    return case_taken_back(quarter)


def _rows(path: Path) -> tuple[list[str], list[Row]]:
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
        return list(reader.fieldnames or ()), rows


def _keep(path: Path, keep: Callable[[Row], bool]) -> None:
    columns, rows = _rows(path)
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(row for row in rows if keep(row))
    path.write_text(text.getvalue(), encoding="utf-8")


def _known(project: Project, period: str, through: Quarter) -> bool:
    return company("META", project).last_quarter(period) <= through


def taken_back(project: Project, through: Quarter) -> None:
    """Leave what was on file when the quarter was the last that was reported."""
    data, owner = project.data, company("META", project)
    days = releases("META", project).days
    now, coming = Quarter(owner.data_through), through.plus(1)
    first_unknown = days[coming].isoformat()
    guided = [each for each in capex_guidance("META", project) if each.metric == "capex"]
    for file in ("quarterly.csv", "annual.csv", "crosscheck.csv"):
        _keep(data / FOLDER / file, lambda row: _known(project, row["period"], through))
    _keep(data / FOLDER / "capex_guidance.csv", lambda row: row["as_of"] < first_unknown)
    _keep(
        data / "calendars/releases.csv",
        lambda row: row["company"] != "META" or _known(project, row["period"], through),
    )
    kept = data / "forecasts/meta.csv"
    if kept.is_file():  # each seal is over the rows before it, and they are in order
        _keep(kept, lambda row: row["data_through"] <= through)
        if not forecast_records("META", project):
            kept.unlink()
    listed = data / "calendars/expected_results.csv"
    head, *rest = listed.read_text(encoding="utf-8").splitlines(keepends=True)
    gone = [f"META,{q},{days[q]},judgement: a day\n" for q in coming.through(now)]
    listed.write_text("".join([head, *gone, *rest]), encoding="utf-8")
    for path in (data / "scenarios").glob("*.yml"):
        text = moved_dates(
            path.read_text(encoding="utf-8"), now, through, days[through].isoformat()
        )
        for year in {each.fiscal_year for each in guided}:
            own = [each for each in guided if each.fiscal_year == year]
            known = [each for each in own if each.as_of < first_unknown]
            text = moved_range(text, own[-1], (known or own)[-1 if known else 0])
        path.write_text(text, encoding="utf-8")
    cited = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted(data.rglob("*"))
        if path.suffix in (".csv", ".yml") and path.name != "sources.csv"
    )
    was = {row["source_id"] for row in _rows(data / "sources.csv")[1]}
    words = set(re.findall(r"[A-Za-z0-9_]+", cited))
    used = {source for source in was if source in words}
    unused_now = was - _ever_used(project)
    _keep(data / "sources.csv", lambda row: row["source_id"] in used | unused_now)
    owned = data / FOLDER / "company.yml"
    values = {
        "data_through": through,
        "last_results": f'"{days[through]}"',
        "next_results": f'"{days[coming]}"',
        "next_results_status": "expected",
    }
    text = owned.read_text(encoding="utf-8")
    for key, value in values.items():
        text = re.sub(rf"(?m)^{key}: .*$", f"{key}: {value}", text)
    owned.write_text(text, encoding="utf-8")


def plan_year_under_way(project: Project) -> None:
    """Give every plan that begins after the coming quarter the outlay that was guided for its
    year, as a scenario of that time had it."""
    owner = company("META", project)
    year = owner.fiscal_year(Quarter(owner.data_through).plus(1))
    known = [each for each in capex_guidance("META", project) if each.metric == "capex"]
    ranges = [each.in_millions for each in known if each.fiscal_year == year]
    for path in (project.data / "scenarios").glob("*.yml") if ranges else ():
        text = path.read_text(encoding="utf-8")
        if plan_of(text, year) is not None:
            continue
        for name, level in (("value", "middle"), ("low", "low"), ("high", "high")):
            begins = rf"(?m)(^  capex\.total:\n(?:    .*\n)*?    {name}: \{{)"
            text = re.sub(begins, rf"\g<1>{year}: {getattr(ranges[-1], level):g}, ", text)
        path.write_text(text, encoding="utf-8")


def _ever_used(project: Project) -> set[str]:
    """Sources that the whole data cite; what nothing cites is no business of a quarter."""
    from jcurve.ground.project import find_project

    words: set[str] = set()
    for path in find_project().data.rglob("*"):
        if path.suffix in (".csv", ".yml") and path.name != "sources.csv":
            words |= set(re.findall(r"[A-Za-z0-9_]+", path.read_text(encoding="utf-8")))
    return words


def filled(form: str, whole: Project, now: Project, sure: Mapping[str, str]) -> str:
    """A form for the quarter after the last of ``now``, filled with what ``whole`` has of it.

    ``sure`` gives reasons, by metric, for figures that are asked for.
    """
    quarter = Quarter(company("META", now).data_through).plus(1)
    data = whole.data
    days = releases("META", whole).days
    year = str(quarter.year) if quarter.number == 4 else ""
    figures = {
        (part, row["metric"]): row
        for part, file, period in (("figure", "quarterly", quarter), ("year", "annual", year))
        for row in _rows(data / FOLDER / f"{file}.csv")[1]
        if row["period"] == period
    }
    seconds = [
        row
        for row in _rows(data / FOLDER / "crosscheck.csv")[1]
        if row["period"] in (quarter, year)
    ]
    last_day = max(days[quarter], days.get(year, days[quarter])).isoformat()
    guided = [
        row for row in _rows(data / FOLDER / "capex_guidance.csv")[1]
        if days[quarter].isoformat() <= row["as_of"] <= last_day
    ]  # fmt: skip
    given = list(csv.DictReader(io.StringIO(form)))
    columns = list(given[0])
    made: list[Row] = []

    def add(**cells: str) -> None:
        made.append({name: cells.get(name, "") for name in columns})

    for period in (quarter, year):
        if period in days:
            listed = releases("META", whole).source[period].source_id
            add(part="release", item=period, value=days[period].isoformat(), source=listed)
    coming = days.get(quarter.plus(1)) or expected("META", whole)[quarter.plus(1)]
    add(part="next", item=quarter.plus(1), value=coming.isoformat(), kind="expected")
    for row in given:  # as the form lists them, and then what it does not
        found = figures.pop((row["part"], row["item"]), None)
        if found is not None:
            made.append(row | _figure(found, sure))
    for (part, metric), found in figures.items():
        add(part=part, item=metric, **_figure(found, sure))
    for row in guided:
        for side in ("low", "high"):
            item = f"{row['metric']} {row['fiscal_year']} {side}"
            add(part="guidance", item=item, value=row[side], unit=row["unit"],
                source=row["source_id"], kind=row["as_of"], note=row["note"])  # fmt: skip
    for row in seconds:
        item = f"{row['metric']} {row['period']}"
        add(part="second", item=item, value=row["value_alt"], source=row["source_alt"])
    known = {row["source_id"] for row in _rows(now.data / "sources.csv")[1]}
    for row in _rows(data / "sources.csv")[1]:
        if row["source_id"] not in known:
            for name in SOURCE_FIELDS:
                if row[name] or name == "date":
                    add(part="source", item=f"{row['source_id']} {name}", value=row[name])
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(made)
    return text.getvalue()


def made_up(form: str, quarter: Quarter, guided: float = 0.0) -> str:
    """A form whose amounts are those of the quarter before, all grown alike: identities hold.

    ``guided`` is what is guided now over what was guided before; 0 where nothing is.
    """
    rows = list(csv.DictReader(io.StringIO(form)))
    prices = _prices(rows)
    for row in rows:
        if row["part"] == "release" and row["item"] == quarter:
            row["value"] = (quarter.last_day + datetime.timedelta(days=29)).isoformat()
        if row["item"].endswith(f"_er_{quarter.lower()} url"):
            row["value"] = "https://example.org/results"
        if row["part"] == "guidance" and row["quarter_before"] and guided:
            row["value"] = f"{guided * float(row['quarter_before']):g}"
        if row["part"] != "figure":
            continue
        row["value"] = row["quarter_before"] or ("1000" if row["if_empty"] == NEEDED else "")
        if row["quarter_before"] and row["unit"].startswith("USD"):
            row["value"] = f"{GROWN * float(row['quarter_before']):.4f}"
        row |= {"sure": "made up", "kind": "reported"}
        row["value"] = prices.get(row["item"], row["value"])
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _prices(rows: list[Row]) -> dict[str, str]:
    """Growth of prices with which ads shown, as before, give the advertising that is made up."""
    given = {row["item"]: row for row in rows if row["part"] == "figure"}
    found = {}
    for item in (each for each in given if each.startswith("price_per_ad_yoy_pct")):
        region = item.removeprefix("price_per_ad_yoy_pct")
        sold = given.get(f"revenue_advertising{'_user_geo' * bool(region)}{region}")
        shown = given.get(f"ad_impressions_yoy_pct{region}")
        if sold and shown and sold["quarter_before"] and shown["quarter_before"]:
            growth = GROWN * float(sold["quarter_before"]) / float(sold["year_before"])
            price = growth / (1 + float(shown["quarter_before"]) / 100) - 1
            found[item] = f"{100 * price:.0f}"
    return found


def _figure(row: Mapping[str, str], sure: Mapping[str, str]) -> Row:
    return {
        "sure": sure.get(row["metric"], ""),
        "value": row["value"],
        "source": row["source_id"],
        "kind": row["kind"],
        "note": row["note"],
    }


def _forward(project: Project) -> None:
    quarter = Quarter(company("META", project).data_through).plus(1)
    with tempfile.TemporaryDirectory() as folder:
        form = Path(folder) / "form.csv"
        text = made_up(quarter_form(quarter, "META", project), quarter, guided=1.01)
        form.write_text(text, encoding="utf-8")
        found = bring_forward(form, quarter, "META", project, scenarios=shipped(project))
    print("\n".join(found.lines()))


if __name__ == "__main__":
    given = Project(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        taken_back(given, Quarter(sys.argv[2]))
        plan_year_under_way(given)
    else:
        _forward(given)
