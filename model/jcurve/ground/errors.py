"""The few errors a user can meet, each a situation a caller treats differently.

A message is one line: what is wrong, where (file, line, key), the value received,
what is allowed, and the nearest valid name. The command line prints it as it is and
leaves with the class's exit status; nothing has been written by then.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self

__all__ = [
    "AnswerError",
    "FactsError",
    "JCurveError",
    "ModelError",
    "ProjectError",
    "RunError",
    "ScenarioError",
    "UsageError",
    "WriteError",
    "nearest",
]

_LONGEST = 120


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name closest to ``name``, or None when nothing is close."""
    # Comparing takes time in the square of a name's length, and a mistake may be a whole file.
    close = difflib.get_close_matches(name[:_LONGEST], list(valid), n=1, cutoff=0.6)
    return close[0] if close else None


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

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        received: object = None,
        allowed: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        super().__init__(what, where, received, allowed, suggestion)
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
            what: the mistake in words.
            received: the name, shown when it is not None.
            valid: the names to choose from.
            where: file, line and key, as far as known.
            allowed: what would be accepted, in words; every valid name when None, nothing
                when empty (where they are too many to list).
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
        return type(self)(
            self.what,
            where=self.where or where,
            received=self.received,
            allowed=self.allowed,
            suggestion=self.suggestion,
        )

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive pickling by themselves, and errors
        # cross process borders in batches.
        return (_rebuild, (type(self), self.args), self.__dict__)

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


def _rebuild(kind: type[JCurveError], args: tuple[object, ...]) -> JCurveError:
    what, where, received, allowed, suggestion = args
    return kind(
        str(what),
        where=None if where is None else str(where),
        received=received,
        allowed=None if allowed is None else str(allowed),
        suggestion=None if suggestion is None else str(suggestion),
    )


class UsageError(JCurveError):
    """The command or call itself is wrong: unknown report, line, view or option."""

    code = "usage"
    exit_status = 2


class ScenarioError(JCurveError):
    """A scenario file, key or value does not validate."""

    code = "scenario"
    exit_status = 3


class FactsError(JCurveError):
    """Reported data is missing, duplicated, malformed or fails an identity."""

    code = "facts"
    exit_status = 4


class ModelError(JCurveError):
    """The lines do not form a model: a cycle, a missing precedent, a unit clash."""

    code = "model"
    exit_status = 5


class RunError(JCurveError):
    """A report run did not earn the verdict *succeeded*."""

    code = "run"
    exit_status = 6


class WriteError(JCurveError):
    """A file or folder cannot be written."""

    code = "write"
    exit_status = 7


class ProjectError(JCurveError):
    """No project folder was found, or it is not one."""

    code = "project"
    exit_status = 8


class AnswerError(JCurveError):
    """A question has no answer of the kind asked for (no root, target out of reach)."""

    code = "answer"
    exit_status = 9
