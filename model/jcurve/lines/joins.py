"""How reported history and the modelled forecast join: plain functions that lines call.

On history the world with the programme is as reported, and another world differs from it by
its modelled operations alone. From the first forecast quarter on a balance moves as modelled,
from where the last report left it, so that no balance has a step.
"""

from __future__ import annotations

from jcurve.engine.primitives import Row, splice, value_at

__all__ = ["carried", "joined"]


def carried(reported, last_reported, history) -> Row:
    """A reported balance, then its last value; zero before it was first reported.

    Args:
        reported: (quarter, 1), NaN outside the reported quarters.
        last_reported: index of the last reported quarter.
        history: 1 on reported quarters.
    """
    return splice(reported, (1 - history) * value_at(reported, last_reported))


def joined(reported, own, modelled, last_reported, history) -> Row:
    """A balance of a world: reported, with this world's difference; then as it moves.

    Args:
        reported: the balance as reported, NaN outside the reported quarters.
        own: this world's modelled balance, of which only differences count.
        modelled: the same of the world with the programme.
        last_reported: index of the last reported quarter.
        history: 1 on reported quarters.
    """
    since = history * modelled + (1 - history) * value_at(modelled, last_reported)
    return carried(reported, last_reported, history) + own - since
