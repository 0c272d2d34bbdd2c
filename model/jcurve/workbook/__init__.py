"""Excel, both ways: a case as a workbook of live formulas, and its inputs back as a scenario."""

from __future__ import annotations

from jcurve.workbook.adopting import Adoption, adopt, state_of, told
from jcurve.workbook.writing import content, write

__all__ = ["Adoption", "adopt", "content", "state_of", "told", "write"]
