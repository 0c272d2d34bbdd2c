"""``python -m jcurve_studies.pages [PAGE …]``: write the generated pages, all or those named."""

from __future__ import annotations

import sys

from jcurve.ground.errors import JCurveError
from jcurve.ground.project import find_project
from jcurve_studies.pages import PAGES, write


def main(names: list[str]) -> int:
    """Write the pages ``names``, all when none is named; the exit status."""
    try:
        changed = write(find_project(), names or list(PAGES))
    except JCurveError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print("changed: " + ", ".join(changed) if changed else "every page is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
