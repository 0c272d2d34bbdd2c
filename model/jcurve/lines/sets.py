"""The sets that families of rows run over; their members are company data."""

from __future__ import annotations

from jcurve.engine.line import Set

__all__ = ["ASSET_CLASS", "CHANNEL", "LEVER", "REGION", "SAVING", "SUPPLY"]

REGION = Set("region")
ASSET_CLASS = Set("asset_class")
LEVER = Set("lever")
CHANNEL = Set("channel")
SAVING = Set("saving")
SUPPLY = Set("supply")
