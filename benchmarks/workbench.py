"""From a slider's move to the changed picture, in headless Chromium, and how soon a page is ready.

Run ``python benchmarks/workbench.py [MOVES]`` (120 by default) from the project. It serves the app
over a copy of the project. A move sets a slider and waits for the browser's next frame after the
picture has changed; that is what a hand on the slider waits for. Beside it stand the parts that
Python takes, and what a plain notebook would take instead: ipywidgets that replot a matplotlib
figure inline after each move.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jcurve.workbench.conversation import Conversation
from jcurve.workbench.session import Session
from tests.support.browsing import PanelPage, chromium
from tests.support.serving import copied_project, serving

_MOVES = 120
_MANY = 500
_PAUSE = 60
_OPENINGS = 3
_KEY = "fleet.share"
_MOVE = """
async ([key, moves, pause]) => {
  const control = document.querySelector(`.jc-control[data-key="${key}"]`);
  const slider = control.querySelector(".jc-slider");
  const root = document.querySelector(".jc");
  const drawing = document.querySelector(".jc-drawing .jc-drawn");
  const { min, max, step } = slider;
  const steps = Math.round((max - min) / step);
  const times = [];
  for (let at = 0; at < moves; at += 1) {
    const before = drawing.innerHTML;
    const changed = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (drawing.innerHTML === before) return;
        observer.disconnect();
        requestAnimationFrame(() => resolve());
      });
      observer.observe(drawing, { childList: true, subtree: true });
    });
    const begun = performance.now();
    slider.value = Number(min) + ((at * 7 + 3) % steps) * Number(step);
    slider.dispatchEvent(new Event("input"));
    await changed;
    times.push(performance.now() - begun);
    while (root.getAttribute("aria-busy") === "true") await new Promise(requestAnimationFrame);
    const rest = pause * (0.5 + (at * 37 % 100) / 100);
    if (pause) await new Promise((resolve) => setTimeout(resolve, rest));
  }
  return times;
}
"""


def main(moves: int) -> None:
    """Print one line a measurement."""
    _parts()
    if shutil.which("chromium") is None:
        print("the rest needs Chromium: apt-get install chromium")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        serving("app", copied_project(Path(folder))) as server,
    ):
        ready = []
        for _ in range(_OPENINGS):
            time.sleep(8)  # until the next kernel is warm
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            begun = time.monotonic()
            page.goto(server.url)
            panel = PanelPage(page)
            panel.ready()
            ready.append(time.monotonic() - begun)
            if len(ready) < _OPENINGS:
                page.close(run_before_unload=True)
        print(f"page ready with a warm kernel: {', '.join(f'{each:.1f}' for each in ready)} s")
        _measured(page, server, moves, "one picture")
        for at, name in ((2, "income"), (3, "line:free_cash_flow")):
            panel.click("Add a picture")
            page.locator(f"select[aria-label='Picture {at}']").select_option(name)
            panel.settled()
        page.get_by_role("tab", name="What matters here").click()
        page.wait_for_selector(".jc-swing-row >> nth=10")
        _measured(page, server, moves, "three pictures and the tornado")
        _memory(page, server)


def _measured(page: Any, server: Any, moves: int, shown: str) -> None:
    for pause, how in ((0, "without a pause"), (_PAUSE, f"about {_PAUSE} ms apart")):
        before = _worked(server)
        times = page.evaluate(_MOVE, [_KEY, moves, pause])
        work = [
            1e3 * (now - then) / moves for then, now in zip(before, _worked(server), strict=True)
        ]
        print(f"slider move to changed picture, {shown}, {moves} moves {how}: {_told(times)}")
        print(
            f"  of the processors a move took {work[0]:.0f} ms in kernels, {work[1]:.0f} in servers"
        )


def _worked(server: Any) -> tuple[float, float]:
    """Seconds of the processors that the kernels and the rest of the app have taken: what other
    work on the machine does not change."""
    kernels = {each.pid for each in server.kernels}
    spent = [(each.pid in kernels, sum(each.cpu_times()[:2])) for each in server.family]
    return sum(s for own, s in spent if own), sum(s for own, s in spent if not own)


def _memory(page: Any, server: Any) -> None:
    """What many moves leave behind, in the browser and in the kernel."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")

    def taken() -> tuple[float, float, int]:
        session.send("HeapProfiler.collectGarbage")
        heap = page.evaluate("() => performance.memory.usedJSHeapSize") / 1e6
        nodes = session.send("Memory.getDOMCounters")["nodes"]
        kernel = max(each.memory_info().rss for each in server.kernels) / 1e6
        return heap, kernel, nodes

    page.evaluate(_MOVE, [_KEY, 60, 0])
    before = taken()
    page.evaluate(_MOVE, [_KEY, _MANY, 0])
    after = taken()
    told = ", ".join(
        f"{name} {one:.0f} to {other:.0f}"
        for name, one, other in zip(("heap MB", "kernel MB", "nodes"), before, after, strict=True)
    )
    print(f"memory over {_MANY} moves: {told}")


def _parts() -> None:
    talk = Conversation(Session("base"))
    texts = [f"{20 + at / 10:.1f}" for at in range(30)]
    changes, states = [], []
    for text in texts:
        begun = time.perf_counter()
        talk.hear({"do": "set", "key": _KEY, "text": text})
        changes.append(1e3 * (time.perf_counter() - begun))
        begun = time.perf_counter()
        talk.state()
        states.append(1e3 * (time.perf_counter() - begun))
    print(f"in Python, evaluate a change: {_told(changes)}")
    print(f"in Python, draw and say the state: {_told(states)}")
    replots = []
    for _ in range(12):
        begun = time.perf_counter()
        _replot(talk.session.case.row("cumulative_free_cash_flow"))
        replots.append(1e3 * (time.perf_counter() - begun))
    print(f"a plain notebook's drawing alone, matplotlib to PNG: {_told(replots)}")


def _replot(row: Any) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), dpi=100)
    axes = figure.subplots()
    axes.plot(row / 1000)
    axes.grid(visible=True)
    figure.savefig(BytesIO(), format="png")


def _told(times: list[float]) -> str:
    cuts = quantiles(times, n=20)
    return f"median {median(times):.0f} ms, 95th percentile {cuts[-1]:.0f} ms"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _MOVES)
