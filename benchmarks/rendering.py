"""How long an executed scenario report takes to become HTML and PDF, in a warm process.

Against the plain route: nbconvert's own HTML of the same notebook, without the PDF that it
would need a browser or TeX for. Times are CPU seconds, the best of several rounds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from jcurve.project import Project, find_project
from jcurve.reports import latest, run
from jcurve.reports.briefing.page import html
from jcurve.reports.briefing.reading import read
from jcurve.reports.briefing.typeset import pdf

ROUNDS = 5


def executed(project: Project) -> Path:
    """The latest executed scenario report of the base scenario, run now if there is none."""
    found = latest(project, "scenario_report", "base")
    return (found or run("scenario_report", project=project)).notebook


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest round, after one to warm up."""
    work()
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def main() -> None:
    """Print a line for each step and their sum."""
    notebook = json.loads(executed(find_project()).read_bytes())
    document = read(notebook, "scenario_report")
    parts = {
        "read": best(lambda: read(notebook, "scenario_report")),
        "HTML": best(lambda: html(document)),
        "PDF": best(lambda: pdf(document)),
    }
    for name, seconds in (*parts.items(), ("together", sum(parts.values()))):
        print(f"{name:<28}{seconds:8.3f} s")
    import nbformat
    from nbconvert import HTMLExporter

    plain = nbformat.reads(json.dumps(notebook), as_version=4)
    exporter = HTMLExporter()
    print(f"{'nbconvert, HTML alone':<28}{best(lambda: exporter.from_notebook_node(plain)):8.3f} s")


if __name__ == "__main__":
    main()
