"""The outbox: mails that are owed, each recipient in a state of its own.

A message is entered in the transaction of what it tells: an edition in that of its success, a
failure in that of the occurrence's end. So whatever ends a process, either the thing has not
happened or somebody will hear of it. The editions of one occurrence (a pack) share one message,
which is held back while the occurrence is under way and closed once sending has begun; an edition
that is settled later starts another. Each recipient gets it at least once, always under one id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal

from jcurve_runs.ledger.store import Store, stamp
from jcurve_runs.plan.request import Clock, Origin

Kind = Literal["success", "failure", "alarm", "mistake", "refusal"]

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_MOST_TRIES = 30
# While its occurrence is under way, a pack may still grow.
_HELD_BACK = (
    "EXISTS (SELECT 1 FROM occurrences AS o WHERE o.schedule = m.schedule"
    " AND o.occurrence = m.occurrence AND o.state IN ('queued', 'claimed'))"
)


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to be sent."""

    id: str  # the same at every try, so that a reader's program may drop a second one
    kind: Kind  # success, failure, alarm, a schedule's mistake, or a recipient's refusal
    schedule: str  # what asked for it
    occurrence: str
    content: Mapping[str, Any]  # what it says, as plain data; the text is made when it is sent
    # ``report/series/edition`` and the one before it, None for the first
    editions: tuple[tuple[str, str | None], ...]
    everyone: tuple[str, ...]  # all its recipients
    waiting: tuple[str, ...]  # those to send it to now


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said of one recipient: ``sent``, ``waiting`` to try again, or ``refused``."""

    state: Literal["sent", "waiting", "refused"]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipient of one message, as ``jcurve outbox`` shows it."""

    message: str  # see :class:`Message`
    kind: Kind
    schedule: str
    occurrence: str
    about: str  # what it tells, in a few words
    address: str  # the recipient
    state: Literal["waiting", "sent", "refused"]  # waiting, sent or refused
    held_back: bool  # its occurrence is still under way
    tries: int  # how often sending was tried
    next: str | None  # when it is tried again, None when it is not
    problem: str  # what went wrong last
    queued: str  # times in UTC, both
    sent: str | None


class Outbox:
    """The outbox of a project, in its store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add_edition(self, origin: Origin, run: str, edition: str, before: str | None) -> None:
        """Owe an edition to whom its schedule names; call it in the transaction of the success."""
        if not origin.success or self._store.read(
            "SELECT 1 FROM message_editions WHERE run = ?", (run,)
        ):
            return
        topic = f"{origin.schedule}@{origin.occurrence}/success"
        begun = self._store.read(
            "SELECT id, begun FROM messages WHERE topic = ? OR topic GLOB ? ORDER BY rowid",
            (topic, f"{topic}/[0-9]*"),
        )
        if begun and not begun[-1]["begun"]:
            message = str(begun[-1]["id"])
        else:
            part = topic if not begun else f"{topic}/{len(begun) + 1}"
            content = {"failure": list(origin.failure)}
            where = (origin.schedule, origin.occurrence)
            message = self._enter("success", part, where, origin.success, content)
        self._store.insert(
            "message_editions",
            {"run": run, "message": message, "edition": edition, "before": before},
        )

    def tell(
        self,
        kind: Kind,
        topic: str,
        recipients: Sequence[str],
        content: Mapping[str, Any],
        *,
        schedule: str,
        occurrence: str = "",
    ) -> bool:
        """Owe a notice; False when nobody is to get it or this topic has been told before."""
        with self._store.transaction():
            if not recipients or self._store.read(
                "SELECT 1 FROM messages WHERE topic = ?", (topic,)
            ):
                return False
            self._enter(kind, topic, (schedule, occurrence), recipients, content)
        return True

    def take_due(self) -> list[Message]:
        """What is to be sent now, the oldest first; from now on nothing is added to it."""
        moment = stamp(self._clock())
        with self._store.transaction():
            rows = self._store.read(
                "SELECT * FROM messages AS m WHERE EXISTS (SELECT 1 FROM recipients AS r WHERE"
                " r.message = m.id AND r.state = 'waiting' AND r.due <= ?)"
                f" AND NOT {_HELD_BACK} ORDER BY queued, rowid",
                (moment,),
            )
            for row in rows:
                self._store.write("UPDATE messages SET begun = 1 WHERE id = ?", (row["id"],))
        return [self._message(dict(row), moment) for row in rows]

    def answered(self, message: Message, answers: Mapping[str, Answer]) -> None:
        """Note what became of a message, recipient by recipient, all at once.

        Whom a server refuses for good, and whom it put off thirty times, is told to the
        schedule's ``failure`` addresses, unless the message was itself such a notice.
        """
        moment = self._clock()
        with self._store.transaction():
            for address, answer in answers.items():
                key = (message.id, address)
                (row,) = self._store.read(
                    "SELECT tries FROM recipients WHERE message = ? AND address = ?", key
                )
                tries = int(row["tries"]) + 1
                state, problem = answer.state, answer.problem[:500]
                if state == "waiting" and tries >= _MOST_TRIES:
                    state, problem = "refused", f"given up after {tries} tries: {problem}"
                wait = min(_FIRST_WAIT * 3 ** min(tries - 1, 12), _LONGEST_WAIT)
                self._store.write(
                    "UPDATE recipients SET state = ?, tries = ?, due = ?, problem = ?, sent = ?"
                    " WHERE message = ? AND address = ?",
                    (state, tries, stamp(moment + wait), problem,
                     stamp(moment) if state == "sent" else None, *key),
                )  # fmt: skip
                if state == "refused" and message.kind == "success":
                    self._tell_refusal(message, address, problem)

    def entries(self) -> list[Entry]:
        """Every recipient of every message, the oldest first."""
        rows = self._store.read(
            "SELECT m.id AS message, kind, schedule, occurrence, content, queued, address,"
            f" state, tries, due, problem, sent, {_HELD_BACK} AS held_back, (SELECT"
            " group_concat(edition, ', ') FROM message_editions AS e WHERE e.message = m.id)"
            " AS editions FROM messages AS m JOIN recipients AS r ON r.message = m.id"
            " ORDER BY queued, m.rowid, address"
        )
        found = []
        for row in map(dict, rows):
            content = json.loads(row.pop("content"))
            about = row.pop("editions") or str(content.get("what", ""))
            due = row.pop("due")
            row["held_back"] = bool(row["held_back"])
            row["next"] = due if row["state"] == "waiting" else None
            found.append(Entry(about=about, **row))
        return found

    def resend(self, messages: Iterable[str] | None = None) -> int:
        """Try at once what waits or was refused; of named messages also what was sent."""
        moment = stamp(self._clock())
        put = "UPDATE recipients SET state = 'waiting', tries = 0, due = ?"
        if messages is None:
            return self._store.write(f"{put} WHERE state <> 'sent'", (moment,))
        with self._store.transaction():
            return sum(
                self._store.write(f"{put} WHERE message = ?", (moment, each)) for each in messages
            )

    def _enter(
        self,
        kind: Kind,
        topic: str,
        where: tuple[str, str],
        recipients: Sequence[str],
        content: Mapping[str, Any],
    ) -> str:
        moment = stamp(self._clock())
        message = sha256(topic.encode()).hexdigest()[:32]
        schedule, occurrence = where
        values = {
            "id": message,
            "topic": topic,
            "kind": kind,
            "schedule": schedule,
            "occurrence": occurrence,
            "content": json.dumps(content, ensure_ascii=False),
            "queued": moment,
        }
        self._store.insert("messages", values)
        for address in dict.fromkeys(recipients):
            self._store.insert(
                "recipients", {"message": message, "address": address, "due": moment}
            )
        return message

    def _tell_refusal(self, message: Message, address: str, problem: str) -> None:
        named = ", ".join(edition for edition, _ in message.editions)
        facts = [("Schedule", message.schedule), ("Recipient", address), ("Reason", problem)]
        self.tell(
            "refusal",
            f"{message.id}/refused/{address}",
            message.content.get("failure", ()),
            {"what": f"a mail to {address}", "facts": [*facts, ("Editions", named)]},
            schedule=message.schedule,
            occurrence=message.occurrence,
        )

    def _message(self, row: Mapping[str, Any], moment: str) -> Message:
        editions = self._store.read(
            "SELECT edition, before FROM message_editions WHERE message = ? ORDER BY rowid",
            (row["id"],),
        )
        recipients = self._store.read(
            "SELECT address, state, due FROM recipients WHERE message = ? ORDER BY rowid",
            (row["id"],),
        )
        return Message(
            id=row["id"],
            kind=row["kind"],
            schedule=row["schedule"],
            occurrence=row["occurrence"],
            content=json.loads(row["content"]),
            editions=tuple((each["edition"], each["before"]) for each in editions),
            everyone=tuple(each["address"] for each in recipients),
            waiting=tuple(
                each["address"]
                for each in recipients
                if each["state"] == "waiting" and each["due"] <= moment
            ),
        )
