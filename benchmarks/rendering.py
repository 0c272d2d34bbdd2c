"""How long an executed scenario report takes to become HTML and PDF, in a warm process.

Warm is a process that has already rendered another scenario's report, as a worker of a batch
has: its modules are imported and its fonts read. No report is rendered twice. Beside it stand
nbconvert's own HTML of the same notebooks, without the PDF that it would need a browser or
TeX for, and the least a typesetter does: the words of the same report as plain paragraphs.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jcurve.briefing.document import Document, Para
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.briefing.typeset import typeset
from jcurve.ground.project import Project, find_project
from jcurve_runs.plan.request import Request
from jcurve_runs.publishing.runs import run

REPORT = "scenario_report"
OURS = ("read", "HTML", "PDF")
WARM_UP, TIMED = "stop_now", ("base", "bear", "bull", "stress_ai_winter", "stress_rate_shock")


def executed(project: Project, scenario: str) -> Mapping[str, Any]:
    """The executed report of ``scenario``, which another process has run."""
    found = run(Request(report=REPORT, scenario=scenario), project=project)
    notebook: Mapping[str, Any] = json.loads(found.notebook.read_bytes())
    return notebook


def spent(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What ``work`` gives, its CPU seconds (all threads) and the seconds on the clock."""
    clock, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.process_time() - cpu, time.perf_counter() - clock


def words_of(made: bytes) -> Document:
    """What is written in a PDF, as a document of plain paragraphs."""
    from pypdf import PdfReader

    from jcurve.figures.display import Run

    pages = PdfReader(io.BytesIO(made)).pages
    lines = [line for page in pages for line in page.extract_text().splitlines() if line.strip()]
    return Document("Plain", tuple(Para((Run(text=line),)) for line in lines))


def told(name: str, figures: Sequence[tuple[float, float]]) -> None:
    """Print the median CPU seconds and seconds on the clock."""
    cpu, clock = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"{name:<44}{cpu:8.3f} s CPU{clock:8.3f} s")


def main() -> None:
    """Print the median of each step over the timed scenarios, and of all steps together."""
    import nbformat
    from nbconvert import HTMLExporter
    from pypdf import PdfReader

    project = find_project()
    # In another process: what running a report leaves in memory would slow rendering here.
    names = (argument for name in (WARM_UP, *TIMED) for argument in ("-s", name))
    subprocess.run([str(Path(sys.executable).with_name("jcurve")), "report", *names], check=True)
    notebooks = {name: executed(project, name) for name in (WARM_UP, *TIMED)}
    exporter = HTMLExporter()
    steps: dict[str, list[tuple[float, float]]] = {}

    def timed(step: str, work: Callable[[], Any]) -> Any:
        made, *figures = spent(work)
        steps.setdefault(step, []).append((figures[0], figures[1]))
        return made

    made = {}
    for name, notebook in notebooks.items():
        document = timed("read", partial(read, notebook, REPORT))
        timed("HTML", partial(html, document))
        made[name] = timed("PDF", partial(typeset, document)).pdf
        steps.setdefault("together", []).append(
            (
                sum(steps[step][-1][0] for step in OURS),
                sum(steps[step][-1][1] for step in OURS),
            )
        )
        if name == WARM_UP:
            steps.clear()
    # The others afterwards: what they leave behind would slow ours down.
    for name in TIMED:
        plain = nbformat.reads(json.dumps(notebooks[name]), as_version=4)
        timed("nbconvert, HTML alone", partial(exporter.from_notebook_node, plain))
    for name in TIMED:
        timed("the same words as paragraphs, PDF alone", partial(typeset, words_of(made[name])))
    pages, size = len(PdfReader(io.BytesIO(made[TIMED[0]])).pages), len(made[TIMED[0]])
    print(f"{REPORT}: medians over {', '.join(TIMED)} after {WARM_UP}")
    print(f"The first has {pages} pages, {size / 1e6:.1f} MB; none is rendered twice")
    for step, figures in steps.items():
        told(step, figures)


if __name__ == "__main__":
    main()
