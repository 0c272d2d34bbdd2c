"""LibreOffice Calc as a slave: loads workbooks, types into cells, recalculates, reads back.

Run by a Python that has UNO, not by the one under test. Commands come as lines of JSON on
standard input, answers go as lines of JSON to standard output.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue

ERRORS = 4  # com.sun.star.sheet.FormulaResult.ERROR


def connect(pipe):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    for _ in range(1_200):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext(
                "com.sun.star.frame.Desktop", context
            )
        except Exception:
            time.sleep(0.1)
    raise SystemExit("LibreOffice did not answer in two minutes")


def option(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def used(sheet):
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    address = cursor.RangeAddress
    return sheet.getCellRangeByPosition(0, 0, address.EndColumn, address.EndRow)


def answer(command, document):
    what = command["do"]
    if what == "set":
        for sheet, row, column, value in command["cells"]:
            cell = document.Sheets.getByName(sheet).getCellByPosition(column, row)
            if isinstance(value, str):
                cell.String = value
            else:
                cell.Value = value
        return None
    if what == "formula":
        for sheet, row, column, text in command["cells"]:
            document.Sheets.getByName(sheet).getCellByPosition(column, row).Formula = text
        return None
    if what == "calculate":
        document.calculateAll()
        return None
    if what == "errors":
        found = []
        for sheet in document.Sheets:
            for each in sheet.queryFormulaCells(ERRORS).RangeAddresses:
                found.append(
                    [sheet.Name, each.StartRow, each.StartColumn, each.EndRow, each.EndColumn]
                )
        return found
    if what == "read":
        return {name: used(document.Sheets.getByName(name)).DataArray for name in command["sheets"]}
    if what == "save":
        document.storeToURL(
            uno.systemPathToFileUrl(command["path"]),
            (option("FilterName", command["filter"]),),
        )
        return None
    raise ValueError(what)


def main():
    with tempfile.TemporaryDirectory() as home:
        pipe = f"jcurve{home.rpartition('/')[2]}"
        office = subprocess.Popen(
            [
                sys.argv[1],
                "--headless",
                "--norestore",
                "--nologo",
                f"-env:UserInstallation=file://{home}",
                f"--accept=pipe,name={pipe};urp;",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        document = None
        try:
            desktop = connect(pipe)
            for line in sys.stdin:
                command = json.loads(line)
                try:
                    if command["do"] == "load":
                        if document is not None:
                            document.close(True)
                        document = desktop.loadComponentFromURL(
                            uno.systemPathToFileUrl(command["path"]),
                            "_blank",
                            0,
                            (option("Hidden", True),),
                        )
                        made = None
                    else:
                        made = answer(command, document)
                    print(json.dumps({"answer": made}), flush=True)
                except Exception as error:
                    print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
            if document is not None:
                document.close(True)
            with contextlib.suppress(Exception):  # it ends while it answers
                desktop.terminate()
        finally:
            try:
                office.wait(10)
            except subprocess.TimeoutExpired:
                office.kill()
                office.wait()


main()
