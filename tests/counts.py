"""How often each heavy test repeats: reduced for every day, full for a proof.

``make test`` uses the first figure, ``make prove`` (``JCURVE_COUNTS=full``) the second.
``JCURVE_REDUCED="kills workbook_edits"`` keeps those named reduced, for a proof in less time;
the page of proof says so.
"""

from __future__ import annotations

import os

__all__ = ["COUNTS", "count", "is_full"]

COUNTS: dict[str, tuple[int, int]] = {
    "kills": (2, 200),
    "publishing_kills": (5, 200),
    "stores_opened": (10, 400),
    "ticks_at_once": (10, 200),
    "report_kills": (0, 60),
    "aimed_kills": (3, 1_000),
    "moments_of_kills": (1, 60),
    "fuzzed_schedules": (150, 10_000),
    "fuzzed_scenarios": (60, 30_000),
    "fuzzed_overrides": (60, 50_000),
    "fuzzed_parameters": (150, 10_000),
    "fuzzed_answers": (40, 1_000),
    "fuzzed_tables": (4, 300),
    "fuzzed_workbooks": (4, 300),
    "depreciation_oracle": (60, 1_000),
    "random_scenarios": (512, 10_000),
    "compiled_scenarios": (96, 2_000),
    "property_examples": (50, 500),
    "error_bar_runs": (150, 1_000),
    "option_paths": (20_000, 100_000),
    "leaks": (1, 3),
    "report_scenarios": (3, 100),
    "override_sets": (1, 3),
    "report_sentences": (1, 100),
    "workbook_edits": (2, 100),
    "random_curves": (60, 600),
    "allocations": (20_000, 400_000),
    "quarters_back": (1, 3),
    "evenings": (2, 4),
    "table_cases": (300, 5_000),
    "cluster_cases": (3, 60),
}


def count(name: str) -> int:
    """The number of repetitions of test ``name`` in this run."""
    reduced, full = COUNTS[name]
    return full if is_full(name) else reduced


def is_full(name: str) -> bool:
    """Whether test ``name`` runs at its full count."""
    kept = os.environ.get("JCURVE_REDUCED", "").split()
    return os.environ.get("JCURVE_COUNTS") == "full" and name not in kept
