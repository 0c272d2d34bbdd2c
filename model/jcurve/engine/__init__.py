"""From labelled functions of rows to numbers, derivatives, traces and machine code.

What enters: functions that ``line`` labels with unit and kind, the members of sets, and inputs as
rows of shape (quarter, scenario). What leaves: rows, each by its name and its world or view.
``build`` finds all that can be wrong with the lines; ``evaluate`` is the definition of right;
``graph`` joins all formulas for derivatives and machine code, whose digits are held against it.
Start with ``line``, then ``primitives``: what a line may do with time.

>>> from types import SimpleNamespace
>>> from jcurve.engine.build import build
>>> from jcurve.engine.line import flow, line, lines_of
>>> from jcurve.engine.model import Input
>>> from jcurve.ground.units import SHARE, USD_M
>>> @line(USD_M, flow)
... def profit(revenue, margin):
...     '''What is left of revenue.'''
...     return revenue * margin
>>> lines = lines_of(SimpleNamespace(__name__=profit.__module__, profit=profit))
>>> units = {"revenue": USD_M, "margin": SHARE}
>>> given = {name: Input(name, unit, name) for name, unit in units.items()}
>>> build(lines, {}, given).formula("profit", "")
revenue * margin
"""
