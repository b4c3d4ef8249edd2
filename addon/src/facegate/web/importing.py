"""A list of residents, as a spreadsheet has written it: what would happen, line by line, and then that, or nothing."""

import asyncio
import base64
import binascii
from typing import Any, Final

from aiohttp import hdrs

from facegate.core.audit import Act
from facegate.residents.importing import ImportingError, Line, Sheet, read
from facegate.web import resident_schemas as schemas
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import INVALID, LINES_REFUSED, ProblemError
from facegate.web.residents import actor
from facegate.web.services import Store
from facegate.web.tokens import Scope


async def import_residents(call: Call) -> Answer:
    """Read a list, and store what was asked for: nothing, every line if all are good, or the good ones."""
    wish = call.body.get("store", "nothing")
    sheet, stored = await asyncio.to_thread(_import, call.services.store, call.body["file"], wish, actor(call))
    if stored:
        await call.services.changed()
    return Answer(_described(sheet, stored))


def _import(store: Store, file: str, wish: str, who: str) -> tuple[Sheet, int]:
    try:
        sheet = read(base64.b64decode(file, validate=True), store.residents(), store.gates())
    except binascii.Error as error:
        raise ProblemError(
            INVALID, "Send the file as base64.", errors=[{"at": "file", "says": "expected base64"}]
        ) from error
    except ImportingError as error:
        raise ProblemError(
            LINES_REFUSED, str(error), fault=str(error.fault), errors=[{"at": "file", "says": str(error)}]
        ) from error
    if wish == "nothing":
        return sheet, 0
    if wish == "all" and len(sheet.good) < len(sheet.lines):
        bad = len(sheet.lines) - len(sheet.good)
        raise ProblemError(
            LINES_REFUSED,
            f"{bad} lines cannot be used, so nothing was stored: correct them, or store the good ones alone.",
            fault="lines",
            **_described(sheet, 0),
        )
    made = store.add_residents([line.properties for line in sheet.good])
    if made:
        store.record_act(who, Act.IMPORTED, many=len(made))
    return sheet, len(made)


def _described(sheet: Sheet, stored: int) -> dict[str, Any]:
    return {
        "stored": stored,
        "encoding": sheet.encoding,
        "separator": sheet.separator,
        "ignored": list(sheet.ignored),
        "lines": [_line(line) for line in sheet.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "line": line.number,
        "name": line.name,
        "flat": line.flat,
        "groups": list(line.groups),
        "person": line.person,
        "valid_from": line.valid_from,
        "valid_until": line.valid_until,
        "gates": list(line.gates),
        "faults": [{"column": f.column, "fault": str(f.fault), "value": f.value} for f in line.faults],
    }


# fmt: off
OPERATIONS: Final = (
    Operation(
        hdrs.METH_POST, "/residents/import", Scope.MANAGE, import_residents, "Add residents from a CSV file",
        schemas.IMPORTED, schemas.IMPORT, problems=(LINES_REFUSED,), body_most=schemas.FILE_MOST,
    ),
)
# fmt: on
