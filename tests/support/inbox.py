"""A real SMTP server that keeps what it takes, or answers as told."""

from __future__ import annotations

import asyncio
import email
import email.policy
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

__all__ = ["Inbox", "serving"]


class Inbox:
    """The server's handler.

    Attributes:
        mails: what was taken, in order.
        taken: message ids by recipient, as often as they came.
        refused: what to answer to a recipient.
        put_off: how often to put a recipient off before it is taken.
        failing: chance that a recipient or a mail is put off for now.
        answer: what to answer to a mail.
        slow: answer to no mail until ``delay`` is set.
    """

    def __init__(self) -> None:
        self.delay = threading.Event()
        self._chance = random.Random(20_260_730)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.mails: list[EmailMessage] = []
        self.taken: dict[str, list[str]] = {}
        self.refused: dict[str, str] = {}
        self.put_off: dict[str, int] = {}
        self.failing = 0.0
        self.answer = "250 taken"
        self.slow = False

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        if self.put_off.get(address, 0) > 0:
            self.put_off[address] -= 1
            return "450 come again"
        if self._chance.random() < self.failing:
            return "451 busy"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        while self.slow and not self.delay.is_set():
            await asyncio.sleep(0.02)
        if self._chance.random() < self.failing:
            return "452 no room at the moment"
        if self.answer.startswith("250"):
            parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
            for address in envelope.rcpt_tos:
                self.taken.setdefault(address, []).append(str(parsed["Message-ID"]))
        return self.answer


@contextmanager
def serving(inbox: Inbox | None = None) -> Iterator[tuple[Inbox, int]]:
    """A server at work on this machine, and its port."""
    kept = inbox or Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield kept, port
    finally:
        kept.delay.set()
        controller.stop()
