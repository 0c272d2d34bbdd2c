"""What a verification found: checks with their counts, failures, and estimates in history."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Check", "Failure", "Filled", "VerifyReport"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A comparison that does not hold, in a sentence."""

    check: str
    company: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """A kind of check on a company: how many were made, how many used a listed tolerance."""

    name: str
    company: str
    count: int
    tolerated: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """Quarters of a row of history that a rule filled: estimates, not reports."""

    company: str
    row: str
    first: str
    last: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What ``verify`` found."""

    checks: tuple[Check, ...]
    filled: tuple[Filled, ...]

    @property
    def count(self) -> int:
        """Comparisons made."""
        return sum(check.count for check in self.checks)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Everything that does not hold."""
        return tuple(failure for check in self.checks for failure in check.failures)

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.failures

    def lines(self, filled: bool = True) -> list[str]:
        """The report in lines to print; ``filled`` adds the estimates in history."""
        out: list[str] = []
        for name in dict.fromkeys(check.company for check in self.checks):
            mine = [check for check in self.checks if check.company == name]
            out.append(f"{name}: {sum(c.count for c in mine):,} checks")
            for check in mine:
                tail = f", {check.tolerated} within a listed tolerance" if check.tolerated else ""
                bad = f", {len(check.failures)} FAILED" if check.failures else ""
                out.append(f"  {check.name}: {check.count:,}{tail}{bad}")
                out.extend(f"    {failure.message}" for failure in check.failures)
        if filled and self.filled:
            out.append("Estimates that rules filled in history:")
            for each in self.filled:
                span = each.first if each.count == 1 else f"{each.first} to {each.last}"
                out.append(f"  {each.row}, {each.count} ({span}): {each.why}")
        verdict = "all hold" if self.ok else f"{len(self.failures)} FAILED"
        out.append(f"{self.count:,} checks, {verdict}")
        return out

    def to_json(self) -> dict[str, object]:
        """The report as plain data."""
        return {
            "ok": self.ok,
            "count": self.count,
            "failed": len(self.failures),
            "checks": [
                {
                    "company": check.company,
                    "check": check.name,
                    "count": check.count,
                    "tolerated": check.tolerated,
                    "failures": [
                        {"subject": failure.subject, "message": failure.message}
                        for failure in check.failures
                    ],
                }
                for check in self.checks
            ],
            "filled": [
                {
                    "company": each.company,
                    "row": each.row,
                    "first": each.first,
                    "last": each.last,
                    "count": each.count,
                    "why": each.why,
                }
                for each in self.filled
            ],
        }
