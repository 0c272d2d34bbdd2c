"""What the panel asks and what it is told: messages in, state and answers out.

No widget takes part: a test talks to a conversation as the front end does. Every message
gets one reply; a message that changes the state leaves a new state behind, and one that is
refused leaves everything as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from jcurve.assumptions import available, changed_scenario_text, save, shipped
from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.quarters import Quarter
from jcurve.workbench.answers import (
    EXHIBITS,
    attempt,
    exhibit,
    swings,
    what_must_be_true,
    worth,
)
from jcurve.workbench.controls import WORDS, control, groups, mixes, readings
from jcurve.workbench.live_charts import (
    PICTURES,
    VIEW_TITLES,
    Band,
    picture,
    picture_of,
    view_of,
)
from jcurve.workbench.quantities import HEADLINES, MEASURES, catalogue, quantity
from jcurve.workbench.readouts import cards, differences, trace
from jcurve.workbench.scenario_manager import link, manage, side_by_side
from jcurve.workbench.session import Session, owner_of
from jcurve.workbench.standing import ends, idles
from jcurve.workbench.words import CHOICES, cited, trade_words

Message: TypeAlias = Mapping[str, Any]
_Action: TypeAlias = Callable[[Message], Any]

_NO_REASON = "Changed in the workbench."
MAX_PICTURES, MAX_CARDS = 4, 16
AT_REST: Mapping[str, str] = CHOICES["at_rest"]


class Conversation:
    """A session that is talked to; ``side`` is the view or world shown first."""

    def __init__(self, session: Session, side: str = "programme") -> None:
        if side not in VIEW_TITLES:
            raise UsageError.not_among("unknown view or world", side, VIEW_TITLES)
        self.session = session
        self.side = side
        self.pictures: tuple[tuple[str, str], ...] = (("jcurve", side),)
        self.cards: tuple[str, ...] = tuple(HEADLINES)
        self.serial = 0  # rises with every change of the state
        self._band: Band | None = None
        self._changes: Mapping[str, _Action] = {
            "set": self._set,
            "move": lambda m: session.move(m["key"], float(m["at"]), gesture=m.get("gesture", "")),
            "paste": self._paste,
            "lives": lambda m: session.edit(
                m["key"], session.hand.lives(m["key"], m["rows"]), m.get("gesture", "")
            ),
            "shift": lambda m: session.edit(m["key"], session.hand.shifted(m["key"], int(m["by"]))),
            "share_out": lambda m: session.edit(
                m["key"], session.hand.shared(m["key"], str(m["text"]))
            ),
            "reset": lambda m: session.reset(m.get("key")),
            "undo": lambda m: session.undo(),
            "redo": lambda m: session.redo(),
            "open": self._open,
            "pin": lambda m: session.pin(m["name"]),
            "unpin": lambda m: session.unpin(m["name"]),
            "go_to": lambda m: session.go_to(m["name"]),
            "note": lambda m: session.note(m["key"], m["text"]),
            "take": lambda m: session.take(m["keys"], session.case_of(m["of"]).scenario),
            "look": self._look,
        }
        self._answers: Mapping[str, _Action] = {
            "hello": lambda m: None,
            "trace": self._trace,
            "try": lambda m: attempt(
                session, m["of"], self.view, m["key"], m["text"], str(m.get("period", ""))
            ),
            "worth": lambda m: worth(session, m["of"], self.view, m["against"]),
            "tornado": lambda m: swings(
                session, m["of"], self.view, everything=bool(m.get("everything"))
            ),
            "solve": self._solve,
            "band": self._grow,
            "compare": lambda m: side_by_side(session, m["names"], m["cards"], self.view),
            "link": lambda m: link(session),
            "manage": self._manage,
            "exhibit": lambda m: exhibit(str(m["name"]), session.case, self.view, session.project),
            "yaml": self._yaml,
            "save": self._save,
        }

    def hear(self, message: Message) -> dict[str, Any]:
        """Do what a message asks.

        Returns:
            ``n`` of the message, ``ok``, the ``serial`` of the state that holds, and
            ``result``, or ``error``: what was wrong, in words.
        """
        reply: dict[str, Any] = {"n": message.get("n"), "ok": True}
        try:
            reply["result"] = self._do(message)
        except JCurveError as error:
            reply |= {"ok": False, "error": refusal(error)}
        except (KeyError, TypeError, ValueError) as error:
            what = f"not a message of the panel ({type(error).__name__}: {error})"
            reply |= {"ok": False, "error": {"what": what}}
        return reply | {"serial": self.serial}

    def _do(self, message: Message) -> Any:
        name = message["do"]
        if name in self._changes:
            self._changes[name](message)
            self.serial += 1
            return None
        if name in self._answers:
            return self._answers[name](message)
        known = (*self._changes, *self._answers)
        raise UsageError.not_among("unknown request", name, known, allowed="")

    # ---- what is shown ------------------------------------------------------------------

    @property
    def view(self) -> str:
        """The view of results, which the first picture's side decides."""
        return view_of(self.side)

    def schema(self) -> dict[str, Any]:
        """What does not change while one scenario is open: controls and choices."""
        session = self.session
        every = session.case.assembly.timeline.years
        years = range(Quarter(session.case.data_through).plus(1).year, every[-1] + 1)
        return {
            "start": session.start.name,
            "title": session.start.title,
            "story": session.start.story,
            "company": session.case.assembly.company.display_name,
            "data_through": session.case.data_through,
            "groups": groups(session.start),
            "mixes": mixes(session.start),
            "controls": {
                item.key: control(item, years, session.case.data_through)
                for item in session.start.items
            },
            "pictures": [{"name": n, "title": p.title} for n, p in PICTURES.items()],
            "at_rest": [{"name": n, "title": title} for n, title in AT_REST.items()],
            "exhibits": [{"name": name, "title": each[0]} for name, each in EXHIBITS.items()],
            "sides": [{"name": name, "title": title} for name, title in VIEW_TITLES.items()],
            "words": trade_words(session.start.items),
            "sources": cited(session.start.items, session.project),
            "measures": list(MEASURES),
            "quantities": catalogue(session.case.assembly.model),
            "years": list(every),
        }

    def state(self) -> dict[str, Any]:
        """What follows from the present state, as the front end shows it."""
        session, view = self.session, self.view
        base, case = session.base, session.case
        pins = [(pin.name, pin.case) for pin in session.pins]
        return {
            "serial": self.serial,
            "start": session.start.name,
            "hash": session.scenario.hash,
            "valuation_date": case.valuation_date,
            "side": self.side,
            "view": view,
            "overrides": session.overrides,
            "changed": sorted({owner_of(key, session.start) for key in session.overrides}),
            "idle": idles(session.scenario),
            "ends": ends(case),
            "values": readings(session.scenario, session.start),
            "positions": {
                key: at for key in session.overrides if (at := session.moved_to(key)) is not None
            },
            "cards": cards(case, base, view, self.cards),
            "pictures": [
                {"name": name}
                | (picture(name, side, case, base, pins) if _is_live(name) else {"side": side})
                for name, side in self.pictures
            ],
            "differences": differences(session.scenario, base.scenario, session.overrides),
            "pins": [pin.name for pin in session.pins],
            "can_undo": session.can_undo,
            "can_redo": session.can_redo,
            "scenarios": (names := list(available(session.project))),
            "own": sorted({*names} - {*shipped(session.project)}),
            "notes": session.notes,
        }

    # ---- what is asked ------------------------------------------------------------------

    def _set(self, message: Message) -> None:
        period, gesture = str(message.get("period", "")), str(message.get("gesture", ""))
        key, text = str(message["key"]), str(message["text"])
        self.session.set(key, text, period=period, gesture=gesture)

    def _paste(self, message: Message) -> None:
        key, cells = message["key"], [str(each) for each in message["cells"]]
        self.session.edit(key, self.session.hand.row(key, message["period"], cells))

    def _open(self, message: Message) -> None:
        notes = {str(key): str(text) for key, text in dict(message.get("notes") or {}).items()}
        self.session.open(message["name"], message.get("overrides"))
        self.session.notes = {key: text for key, text in notes.items() if key in self.session.start}

    def _look(self, message: Message) -> None:
        """Choose what is shown: pictures, each (name, side), and cards."""
        model = self.session.case.assembly.model
        chosen = tuple((str(n), str(s)) for n, s in message.get("pictures", self.pictures))
        named = tuple(str(name) for name in message.get("cards", self.cards))
        if not 1 <= len(chosen) <= MAX_PICTURES or len(named) > MAX_CARDS:
            allowed = f"1 to {MAX_PICTURES} pictures, {MAX_CARDS} cards at most"
            raise UsageError(
                "too many or too few", received=f"{len(chosen)}, {len(named)}", allowed=allowed
            )
        for name, side in chosen:
            if side not in VIEW_TITLES:
                raise UsageError.not_among("unknown view or world", side, VIEW_TITLES)
            if _is_live(name):
                picture_of(name, model)
            elif name not in EXHIBITS and name not in AT_REST:
                raise UsageError.not_among("unknown picture", name, (*AT_REST, *EXHIBITS))
        for name in named:
            quantity(name, model, self.view)
        self.pictures, self.cards, self.side = chosen, named, chosen[0][1]

    def _grow(self, message: Message) -> dict[str, Any]:
        """Some more draws of the simulation behind the pictures that are asked for."""
        case = self.session.case
        wanted = tuple((str(name), str(side)) for name, side in message["pictures"])
        if self._band is None or self._band.of != (case.scenario.hash, wanted):
            self._band = Band(case, wanted, self.session.project)
        return self._band.grow() | {"hash": case.scenario.hash}

    def _solve(self, message: Message) -> dict[str, Any]:
        """For a target as text, or for a quantity and what is typed for it."""
        key, session = str(message["key"]), self.session
        if "target" in message:
            return what_must_be_true(session, key, str(message["target"]))
        what = quantity(str(message["of"]), session.case.assembly.model, self.view)
        target, goal = what.target(str(message["text"]))
        return what_must_be_true(session, key, target) | {"goal": goal}

    def _trace(self, message: Message) -> dict[str, Any]:
        side = message.get("side") or self.side
        line = str(message["line"])
        case = self.session.case
        if line.partition("@")[0] in case.assembly.model.viewed:
            side = view_of(side)
        return trace(case, line, message.get("at"), side)

    def _yaml(self, message: Message) -> str:
        session = self.session
        name = message.get("name") or "my_scenario"
        reason = message.get("reason") or _NO_REASON
        return changed_scenario_text(
            name,
            session.start,
            session.overrides,
            reason,
            message.get("title") or "",
            session.reasons(reason),
        )

    def _manage(self, message: Message) -> dict[str, str]:
        made = manage(self.session, message)
        self.serial += 1
        return made

    def _save(self, message: Message) -> dict[str, str]:
        session = self.session
        path = save(
            str(message.get("name", "")),
            session.scenario,
            session.start,
            session.overrides,
            str(message.get("reason", "")),
            str(message.get("title") or ""),
            session.project,
            notes=session.reasons(str(message.get("reason", ""))),
        )
        self.serial += 1  # one more scenario to choose from
        return {"file": path.relative_to(session.project.root).as_posix(), "name": path.stem}


def refusal(error: JCurveError) -> dict[str, Any]:
    """An error in words, for beside a control: without the place, which the control shows."""
    received = None if error.received is None else str(error.received)
    text = error.what[:1].upper() + error.what[1:]
    if received is not None:
        text += f": {received[:80]}"
    if error.allowed:
        unit = r" ?\b(percent per year|percent)\b"  # as labels write it
        text += f". Allowed: {re.sub(unit, lambda found: WORDS[found[1]], error.allowed)}"
    if error.suggestion:
        text += f". Did you mean {error.suggestion}?"
    return {"what": text, "code": error.code, "suggestion": error.suggestion}


def _is_live(name: str) -> bool:
    """Whether a picture comes with every state; others are asked for when the hand rests."""
    return not name.startswith(("report:", "rest:"))
