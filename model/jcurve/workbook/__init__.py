"""Excel, both ways: a case as a workbook of live formulas, and its inputs back as a scenario.

An evaluated case goes in, with the project whose sources and house style it bears; an ``.xlsx`` of
inputs, lines, statements and checks comes out, each formula the model's own line. An edited
workbook comes back as a scenario that extends the one it was written from.

To write: ``grid`` says which sheets there are, in what order, and which column holds what;
``model_sheets`` lays out every line and asks ``translate`` for its formula, ``reader_sheets`` and
``input_sheets`` make the other sheets, ``writing`` puts all on paper. To read back:
``workbook_reader`` reads cells, ``adopting`` compares them with the scenario. Start with ``grid``.

>>> import jcurve
>>> content(jcurve.evaluate("base"))[:2]  # a zip archive, as every .xlsx is
b'PK'
"""

from __future__ import annotations

from jcurve.workbook.adopting import Adoption, adopt, state_of
from jcurve.workbook.writing import content, write

__all__ = ["Adoption", "adopt", "content", "state_of", "write"]
