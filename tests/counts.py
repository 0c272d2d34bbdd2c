"""How often each heavy test repeats: reduced for every day, full for a proof.

``make test`` uses the first figure, ``make prove`` (``JCURVE_COUNTS=full``) the second.
"""

from __future__ import annotations

import os

__all__ = ["COUNTS", "count"]

COUNTS: dict[str, tuple[int, int]] = {
    "kills": (2, 200),
    "publishing_kills": (5, 200),
    "depreciation_oracle": (60, 1_000),
    "random_scenarios": (512, 10_000),
    "property_examples": (50, 500),
    "error_bar_runs": (150, 1_000),
    "option_paths": (20_000, 100_000),
    "leaks": (1, 3),
    "report_scenarios": (3, 100),
    "workbook_edits": (2, 100),
}


def count(name: str) -> int:
    """The number of repetitions of test ``name`` in this run."""
    reduced, full = COUNTS[name]
    return full if os.environ.get("JCURVE_COUNTS") == "full" else reduced
