"""Which failures are worth another attempt, and how long to wait before it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ONCE", "Retry", "worth_another"]

_PASSING = frozenset(
    {
        "kernel_start",  # a busy machine, a port taken
        "dead_kernel",  # out of memory, killed from outside
        "missing_reply",  # the same, noticed in the last cell
        "child_killed",
        "no_notebook",
        "not_written",  # a full disk or a share that is away
    }
)


def worth_another(reason: str | None) -> bool:
    """Whether a failure of this class may pass by itself.

    A cell's error, a broken identity or a timeout would only come again.
    """
    return reason in _PASSING


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently a run is attempted.

    Attributes:
        attempts: the most there may be.
        first: seconds before the second attempt.
        factor: by which each wait is longer than the one before.
        longest: seconds no wait exceeds.
    """

    attempts: int = 3
    first: float = 2.0
    factor: float = 4.0
    longest: float = 300.0

    def wait(self, attempt: int) -> float:
        """Seconds to wait after attempt number ``attempt`` (from 1) has failed."""
        return min(self.first * self.factor ** (attempt - 1), self.longest)


ONCE = Retry(attempts=1)
"""A single attempt, for whoever sits in front of it."""
