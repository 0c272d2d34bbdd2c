"""One browser and one app for every test here: what takes seconds to start is started once.

For the package, not the session: while the browser is open its event loop runs in this thread, and
tests elsewhere run loops of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.browsing import PanelPage, chromium, opened
from tests.support.serving import Server, copied_project, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOM = 3
"""Kernels that the app allows, the one kept warm among them."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="package")
def app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app over a project of its own, in which scenarios that tests save stay."""
    project = copied_project(tmp_path_factory.mktemp("app"))
    with serving("app", project, "--kernels", str(ROOM)) as server:
        yield server


@pytest.fixture(scope="module")
def page_of_app(browser: Browser, app: Server) -> Iterator[PanelPage]:
    with opened(browser, app.url, 1400, 900) as found:
        yield found


@pytest.fixture
def panel(page_of_app: PanelPage) -> PanelPage:
    """On the base scenario with nothing changed, whatever was done with it before."""
    return page_of_app.cleared()
