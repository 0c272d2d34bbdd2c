"""The few errors a user can meet, each a situation a caller treats differently.

A message is one line: what is wrong, where (file, line, key), the value received,
what is allowed, and the nearest valid name. The command line prints it as it is and
leaves with the class's exit status; nothing has been written by then.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from copy import copy
from typing import Self

_LONGEST = 120
_SHORTEST_PART = 3


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name closest to ``name``, or None when nothing is close.

    Capitals do not count. A part that only one valid name has is close to it::

        >>> nearest("brief", ["executive_brief", "risk_report", "peer_report"])
        'executive_brief'
    """
    names = {each.casefold(): each for each in valid}
    # Comparing takes time in the square of a name's length, and a mistake may be a whole file.
    asked = name[:_LONGEST].casefold()
    close = difflib.get_close_matches(asked, names, n=1, cutoff=0.6)
    if not close and len(asked) >= _SHORTEST_PART:
        holding = [each for each in names if asked in each]
        close = holding if len(holding) == 1 else []
    return names[close[0]] if close else None


class JCurveError(Exception):
    """Base of every error that is the user's to mend.

    Args:
        what: the mistake in words, without a final stop.
        where: file, line and key, as far as known (``data/scenarios/x.yml:12, returns.wacc``).
        received: the offending value, shown with repr and cut at 80 characters.
        allowed: what would be accepted, in words.
        suggestion: the nearest valid name.
    """

    code = "error"
    exit_status = 1

    def __init_subclass__(cls, *, code: str = "", exit_status: int = 0) -> None:
        if code:
            cls.code, cls.exit_status = code, exit_status

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        received: object = None,
        allowed: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        super().__init__(what)  # the rest is pickled with the attributes
        self.what = what
        self.where = where
        self.received = received
        self.allowed = allowed
        self.suggestion = suggestion

    @classmethod
    def not_among(
        cls,
        what: str,
        received: object,
        valid: Iterable[str],
        *,
        where: str | None = None,
        allowed: str | None = None,
    ) -> Self:
        """An error about a name that is none of ``valid``; suggests the nearest of them.

        Args:
            received: the name, shown when it is not None.
            where: file, line and key, as far as known.
            allowed: what would be accepted, in words; every valid name when None,
                nothing when empty (where they are too many to list).
        """
        names = list(valid)
        return cls(
            what,
            where=where,
            received=received,
            allowed=", ".join(names) if allowed is None else allowed,
            suggestion=nearest(str(received or ""), names),
        )

    def at(self, where: str) -> Self:
        """The same mistake, found there where it does not know its own place."""
        found = copy(self)
        found.where = self.where or where
        return found

    def __str__(self) -> str:
        parts = []
        if self.where:
            parts.append(f"{self.where}: ")
        parts.append(self.what)
        if self.received is not None:
            try:
                shown = repr(self.received)
            except RecursionError:
                shown = f"{type(self.received).__name__} nested too deep to show"
            parts.append(f"; received {shown if len(shown) <= 80 else shown[:77] + '...'}")
        if self.allowed:
            parts.append(f"; allowed: {self.allowed}")
        if self.suggestion:
            parts.append(f"; did you mean {self.suggestion!r}?")
        return "".join(parts).replace("\n", " ")


class UsageError(JCurveError, code="usage", exit_status=2):
    """The command or call itself is wrong: unknown report, line, view or option."""


class ScenarioError(JCurveError, code="scenario", exit_status=3):
    """A scenario file, key or value does not validate."""


class FactsError(JCurveError, code="facts", exit_status=4):
    """Reported data is missing, duplicated, malformed or fails an identity."""


class ModelError(JCurveError, code="model", exit_status=5):
    """The lines do not form a model: a cycle, a missing precedent, a unit clash."""


class RunError(JCurveError, code="run", exit_status=6):
    """A report run did not earn the verdict *succeeded*."""


class WriteError(JCurveError, code="write", exit_status=7):
    """A file or folder cannot be written."""


class ProjectError(JCurveError, code="project", exit_status=8):
    """No project folder was found, or it is not one."""


class AnswerError(JCurveError, code="answer", exit_status=9):
    """A question has no answer of the kind asked for (no root, target out of reach)."""
