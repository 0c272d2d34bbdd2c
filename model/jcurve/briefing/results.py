"""What a report found, as data: ``results.json`` beside the executed notebook.

The last cell of a report notebook calls ``record``; the verdict reads the file back
with the same schema, so that a half-made or non-finite record never counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationError,
    model_validator,
)

from jcurve.evaluation.naming import headline_text
from jcurve.ground.errors import RunError
from jcurve.ground.files import write_file
from jcurve.ground.numbers import differing

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from jcurve.case import Case
    from jcurve.figures import exhibit

FILE_NAME = "results.json"

_RELATIVE = 1e-6  # a case's identities hold to a millionth of the largest amount in them

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_View = Literal["programme", "go_forward"]


class NothingToReport(Exception):
    """Raised by a report's cell to end the run there: there is nothing new to say.

    No edition is published, and it counts as no failure.
    """


class _Record(BaseModel):
    # Strict: a number written as text, or a flag as a number, is a mistake in the notebook.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Headline(_Record):
    """One headline figure: a value with its unit, or null with the reason.

    A value is a number, or a label such as a quarter.
    """

    value: FiniteFloat | str | None
    unit: _Text | None = None
    reason: _Text | None = None

    @property
    def text(self) -> str:
        """For a reader."""
        return headline_text(self.model_dump())

    @model_validator(mode="after")
    def _explained(self) -> Headline:
        if self.value is None and self.reason is None:
            raise ValueError("a null value needs a reason")
        if self.value is not None and self.unit is None:
            raise ValueError("a value needs a unit")
        return self


class Check(_Record):
    """An identity that the report relied on: the size of its breach, and what is allowed."""

    name: _Text
    value: FiniteFloat
    tolerance: Annotated[FiniteFloat, Field(ge=0)]
    ok: bool

    @model_validator(mode="after")
    def _consistent(self) -> Check:
        if self.ok and abs(self.value) > self.tolerance:
            raise ValueError("marked ok, yet the value is beyond the tolerance")
        return self


class Exhibit(_Record):
    """A chart or table that the report promises to show."""

    id: _Text
    kind: _Text
    title: _Text
    alt: str


class Difference(_Record):
    """One assumption that differs from the base scenario, as texts for a reader."""

    key: _Text
    label: str
    unit: str
    before: str
    after: str
    what: _Text
    why: str
    kind: str
    source: tuple[str, ...]
    set_by: str


class ScenarioRecord(_Record):
    """The scenario as a report names it; ``filed_npv`` is that of its file, where a run sets
    values."""

    name: _Text
    title: _Text
    hash: _Text
    differences: tuple[Difference, ...] = ()
    set_values: tuple[str, ...] = ()
    filed_npv: Headline | None = None


class Results(_Record):
    """Everything a machine may want from one report.

    Headlines stand by view, then by name (``npv``, ``payback`` …). An edition needs at least one
    check, and all of them ok. Nothing was drawn at random where the seed is None.
    """

    schema_version: Literal[1] = 1
    report: _Text
    scenario: ScenarioRecord
    view: _View
    valuation_date: _Text
    data_through: _Text
    headlines: dict[_View, dict[str, Headline]]
    checks: Annotated[tuple[Check, ...], Field(min_length=1)]
    exhibits: tuple[Exhibit, ...] = ()
    seed: int | None = None

    @property
    def changed(self) -> list[str]:
        """The values that were set for this run alone, each in words."""
        return list(self.scenario.set_values) or [
            f"{each.label or each.key}: "
            + " → ".join(differing(each.before, each.after, each.unit))
            for each in self.scenario.differences
            if each.set_by == "override"
        ]

    @model_validator(mode="after")
    def _complete(self) -> Results:
        if not self.headlines.get(self.view):
            raise ValueError(f"no headlines for the view {self.view!r}")
        names = [exhibit.id for exhibit in self.exhibits]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"exhibits declared twice: {', '.join(twice)}")
        return self


class ReportedScenario(Protocol):
    """What a report says of its scenario."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def differences(self) -> tuple[DataclassInstance, ...]: ...


def record(
    out: str | Path,
    *,
    scenario: ReportedScenario,
    beside: Mapping[str, object] = MappingProxyType({}),
    **content: object,
) -> Results:
    """Write ``results.json`` into the folder ``out``, whole or not at all.

    ``content`` is what ``Results`` holds besides the scenario, ``beside`` what is said of it where
    a run sets values.

    Raises:
        RunError: the record is incomplete or holds a value that is not finite.
        WriteError: the folder cannot be written.
    """
    named = {
        "name": scenario.name,
        "title": scenario.title,
        "hash": scenario.hash,
        "differences": [asdict(difference) for difference in scenario.differences],
        **beside,
    }
    try:
        # Through JSON, so that what is checked is what a reader gets.
        written = json.dumps({**content, "scenario": named}, default=_plain)
        results = Results.model_validate_json(written)
    except (ValidationError, ValueError, TypeError) as error:
        raise RunError(
            "the results are not complete", where=FILE_NAME, received=_first(error)
        ) from error
    write_file(Path(out) / FILE_NAME, results.model_dump_json(indent=2) + "\n")
    return results


def record_case(
    out: str | Path,
    *,
    report: str,
    case: Case,
    view: str,
    exhibits: Iterable[exhibit.Exhibit | exhibit.TableExhibit] = (),
    seed: int | None = None,
) -> Results:
    """``record`` with everything that an evaluated scenario can say for itself.

    Raises:
        RunError, WriteError: as ``record``.
    """
    return record(
        out,
        report=report,
        scenario=case.scenario,
        view=view,
        valuation_date=case.valuation_date,
        data_through=case.data_through,
        headlines=case.headlines(),
        checks=[
            {
                "name": check.row,
                "value": check.worst / check.scale,
                "tolerance": _RELATIVE,
                "ok": check.holds,
            }
            for check in case.checks()
        ],
        exhibits=[each.record() for each in exhibits],
        seed=seed,
        beside=_beside(case, view),
    )


def _beside(case: Case, view: str) -> dict[str, object]:
    """What a run sets, and the value of the scenario as its file has it."""
    from jcurve.case import evaluate
    from jcurve.figures.overrides import filed, set_values

    scenario, file = case.scenario, filed(case.scenario)
    if file is None:
        return {}
    own = evaluate(file, company=case.assembly.company.name).headlines()[view]["npv"]
    return {"set_values": list(map(str, set_values(scenario))), "filed_npv": own}


def read_results(path: Path) -> Results:
    """Read and validate a ``results.json``.

    Raises:
        RunError: it is missing or does not fit the schema.
    """
    try:
        return Results.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunError("no results were recorded", where=path.name) from error
    except ValidationError as error:
        raise RunError(f"does not fit its schema: {_first(error)}", where=path.name) from error


def _plain(value: object) -> object:
    """NumPy scalars and the like as plain numbers, read-only tables as plain ones."""
    if isinstance(value, Mapping):
        return dict(value)
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise TypeError(f"{type(value).__name__} has no place in {FILE_NAME}")


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}" if where else str(first["msg"])
    return str(error)
