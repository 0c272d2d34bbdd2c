"""Verbs that write, killed before each step and at random: nothing torn, lost or doubled.

Whole batches with their kernels are killed in ``test_kills.py``.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RecordFigure
from tests.support.drives import sound_runs
from tests.support.inbox import Inbox, serving
from tests.support.killed import Ask, killing, struck
from tests.support.killed_runs import RECIPIENTS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and signals")

Found = dict[str, Any]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a sound run left."""
    kept = tmp_path_factory.mktemp("sound")
    sound_runs(kept)
    return str(kept / "staged")


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str]]:
    """A mail server at work, and its port."""
    with serving() as (made, port):
        yield made, str(port)


@pytest.fixture
def kill(record_figure: RecordFigure) -> Callable[..., list[Found]]:
    """Kills a verb often; what was found after each order. The first is the whole work."""

    def killed(
        *what: str, check: Callable[[Found], object], before: Callable[[], object] = lambda: None
    ) -> list[Found]:
        found: list[Found] = []
        chance = random.Random(f"{what[0]} 20261130")
        with killing(*what) as ask:

            def asked(order: str) -> Found:
                before()
                made = ask(order)
                check(made)
                return made

            found += struck(asked, chance)
        assert found[0]["lived"]
        killed = [each["order"].partition(" ")[0] for each in found if not each["lived"]]
        record_figure(f"kills of {what[0]}, each before another step", killed.count("before"))
        record_figure(f"kills of {what[0]}, at random", killed.count("after"))
        record_figure(f"kills of {what[0]}: torn, lost or left open", 0)
        return found

    return killed


def whole(found: Found) -> None:
    """Editions and ledger agree, and nothing is left lying about."""
    assert found["torn"] == []
    assert found["open"] == []
    assert found["staging"] == []
    assert sorted(found["latest"]) == sorted(
        max(name.rpartition("/")[2] for name in found["published"] if f"/{series}/" in name)
        for series in ("base", "bear")
    )


class Post:
    """What a mail server that also puts off recipients and mails at random has taken."""

    def __init__(self, inbox: Inbox, record: RecordFigure, verb: str) -> None:
        self.inbox, self.record, self.verb = inbox, record, verb
        self.chance = random.Random(20_260_302)
        self.letters = self.doubled = 0

    def emptied(self) -> None:
        """Begin anew."""
        self.inbox.clear()
        address = self.chance.choice(RECIPIENTS)
        self.inbox.put_off = {address: 1} if self.chance.random() < 0.3 else {}
        self.inbox.failing = 0.3 if self.chance.random() < 0.5 else 0.0

    def holds(self, found: Found, messages: set[str] | None = None) -> None:
        """Everybody got each message that was owed, under one id; returns nothing."""
        assert {state for _, _, state, _ in found["owed"]} == {"sent"}
        for address in RECIPIENTS:
            owed = {message for message, to, _, _ in found["owed"] if to == address}
            owed = owed if messages is None else owed & messages
            ids = Counter(self.inbox.taken.get(address, ()))
            assert set(ids) == {f"<{message}@jcurve.invalid>" for message in owed}
            # A second one is possible in one gap: after the server's word, before our note.
            assert max(ids.values(), default=1) <= 2
            self.letters += ids.total()
            self.doubled += ids.total() - len(ids)

    def close(self, kills: int) -> None:
        """Keep the figures; each kill can double one mail, of all its recipients."""
        assert self.doubled <= kills * len(RECIPIENTS)
        self.record(f"kills of {self.verb}: mails taken by the server", self.letters)
        self.record(f"kills of {self.verb}: mails that came twice, under one id", self.doubled)


@pytest.fixture
def post(inbox: tuple[Inbox, str], record_figure: RecordFigure, request: Any) -> Post:
    verb = request.node.name.removeprefix("test_").partition("_")[0]
    return Post(inbox[0], record_figure, verb)


def test_tick(
    tmp_path: Path, recorded: str, inbox: tuple[Inbox, str], post: Post, kill: Any
) -> None:
    """A pack falls due: it runs, is published, entered and told to each recipient."""

    def check(found: Found) -> None:
        whole(found)
        assert [state for _, state in found["occurrences"]] == ["done"]
        assert len(found["published"]) == 2, "one edition for each scenario"
        assert sorted(found["succeeded"]) == found["published"]
        post.holds(found)
        for address in RECIPIENTS:  # each edition in one message
            named = {about for _, to, _, about in found["owed"] if to == address}
            assert sorted(", ".join(named).split(", ")) == found["published"]

    found = kill("tick", str(tmp_path), recorded, inbox[1], check=check, before=post.emptied)
    post.close(len(found))


def test_batch(tmp_path: Path, recorded: str, kill: Any) -> None:
    def check(found: Found) -> None:
        whole(found)
        assert sorted(found["succeeded"]) == found["published"]
        assert len(found["published"]) in (2, 3, 4)
        assert found["lived"] <= (len(found["published"]) == 4)

    kill("batch", str(tmp_path), recorded, check=check)


def test_deliver(
    tmp_path: Path, recorded: str, inbox: tuple[Inbox, str], post: Post, kill: Any
) -> None:
    found = kill(
        *("deliver", str(tmp_path), recorded, inbox[1]), check=post.holds, before=post.emptied
    )
    assert len({message for message, *_ in found[0]["owed"]}) == 4
    post.close(len(found))


def test_outbox(
    tmp_path: Path, recorded: str, inbox: tuple[Inbox, str], post: Post, kill: Any
) -> None:
    """What is put back is put back whole or not at all, and sent again to everybody."""

    def check(found: Found) -> None:
        assert found["before"] in ([], sorted(found["chosen"]))
        assert found["before"] or not found["lived"]
        post.holds(found, set(found["before"]))

    found = kill("outbox", str(tmp_path), recorded, inbox[1], check=check, before=post.emptied)
    assert len(found[0]["chosen"]) == 2
    post.close(len(found))


def test_prune(tmp_path: Path, recorded: str, kill: Any) -> None:
    """An edition is there whole or not at all, and the latest always."""
    seen: set[int] = set()

    def check(found: Found) -> None:
        whole(found)
        assert found["page"]
        assert set(found["published"]) <= set(found["succeeded"])
        seen.add(len(found["published"]))
        assert found["lived"] <= (len(found["published"]) == 2)

    kill("prune", str(tmp_path), recorded, check=check)
    assert min(seen) == 2


def test_together(tmp_path: Path, kill: Any) -> None:
    """Four files in two folders, one of them new; readers that are killed while they mend, too."""

    def check(found: Found) -> None:
        assert found["seen"] in ("new", "old")
        assert not found["journal"] or found["seen"] == "new"
        assert found["left"] == []

    kill("together", str(tmp_path), check=check)


def test_save(tmp_path: Path, kill: Any) -> None:
    """Scenarios of a user's own, by every way in which a file of one comes and goes."""

    def check(found: Found) -> None:
        assert found["torn"] == []
        assert found["lost"] == []
        assert not found["between"]
        assert not found["lived"] or found["own"] == 3

    kill("save", str(tmp_path), check=check)


def test_simulate(tmp_path: Path, kill: Any) -> None:
    """In the place of an older model's draws: those or the new ones, and what is kept goes on."""

    def check(found: Found) -> None:
        assert found["seen"] in ("older", "none", "right")
        assert found["again"]
        assert found["left"] == ["draws.parquet", "simulation.json", "summary.json"]

    found = kill("simulate", str(tmp_path), check=check)
    assert found[0]["seen"] == "right"


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_orders(seed: int) -> None:
    def orders() -> list[str]:
        given: list[str] = []

        def ask(order: str) -> Found:
            given.append(order)
            return {"steps": 9, "seconds": 1.0}

        answering: Ask = ask
        list(struck(answering, random.Random(seed)))
        return given

    assert orders() == orders() != []
