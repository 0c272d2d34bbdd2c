"""A case of the small company, with a scenario that needs no file."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

from jcurve.case import Case
from jcurve.company import Assembly
from jcurve.engine.evaluate import system_rows
from jcurve.facts import Company
from tests.support.engine_models import TIMELINE, inputs, small_model

__all__ = ["small_case"]


@dataclass(frozen=True)
class SmallScenario:
    """What a case shows of its scenario."""

    name: str = "small"
    title: str = "Small case"
    hash: str = "0" * 64
    assumptions: Mapping[str, Any] = field(
        default_factory=lambda: {
            name: SimpleNamespace(
                key=name,
                label=f"The {name}",
                kind="judgement",
                source=("SOMEWHERE",),
                as_of=datetime.date(2026, 7, 29),
                book=SimpleNamespace(low=None, high=None),
                rationale="For a test.",
            )
            for name in ("growth", "plan", "mix.big", "mix.small", "delay", "opening_cash")
        }
    )


def small_case(**changes: Any) -> Case:
    """The small company's only case, with ``changes`` to its rows by input name."""
    model = small_model()
    rows = {**inputs(), **changes}
    calendar = system_rows(TIMELINE, "2025Q2")
    given = {"reported_revenue": rows["reported_revenue"], **calendar}
    own = {name: row for name, row in rows.items() if name not in given}
    company = Company(
        **{field.name: None for field in dataclasses.fields(Company)}  # type: ignore[arg-type]
        | {"name": "SMALL", "data_through": "2025Q2"}
    )
    assembly = Assembly(
        company,
        model,
        TIMELINE,
        MappingProxyType({}),
        MappingProxyType(given),
        MappingProxyType({name: name for name in own}),
    )
    return Case(cast(Any, SmallScenario()), assembly, own)
