"""``python -m jcurve_studies.pages [PAGE …]``: write the generated pages, all or those named;
``pictures`` runs every report and writes the pictures of them instead, which takes minutes."""

from __future__ import annotations

import sys

from jcurve.ground.errors import JCurveError
from jcurve.ground.project import find_project
from jcurve_studies.pages import PAGES, pack, write
from jcurve_studies.pages.study import study_of


def main(names: list[str]) -> int:
    """Write the pages ``names``, all when none is named, or the pictures; the exit status."""
    project = find_project()
    try:
        if names == ["pictures"]:
            print("written: " + ", ".join(pack.write(project)))
            return 0
        changed = write(project, names or list(PAGES))
        behind = [] if names else pack.outdated(study_of(project))
    except JCurveError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print("changed: " + ", ".join(changed) if changed else "every page is up to date")
    if behind:
        print(f"pictures in docs/ show older numbers ({'; '.join(behind)}): run make pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
