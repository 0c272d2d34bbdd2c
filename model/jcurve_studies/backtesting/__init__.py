"""The model as it would have run on an earlier day, beside the actual figures.

A day goes in; the facts, guidance and changes of life known by then make a case, whose forecasts
are held against what was reported later. ``as_stated`` holds the assumptions of the time,
``as_known`` makes the run, ``backtest`` takes each miss apart. Start reading there.

>>> from jcurve_studies.backtesting.backtest import Miss
>>> Miss("depreciation", 2022, 2023, 10_659.0, 11_020.0, ()).miss  # USD m
-361.0
"""
