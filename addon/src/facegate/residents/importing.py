"""A list of residents as a spreadsheet writes it, read line by line; and written so that no spreadsheet runs it.

Files come from wherever an office keeps its list: UTF-8 with and without its mark, UTF-16, GB 18030; with commas,
semicolons or tabs; with headings in English or Chinese. What a line says is either understood or named as a fault:
nothing is guessed, and columns that mean nothing here, such as identity numbers, are not even looked at. It is longer
than other files for its tables of headings and sentences.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from facegate.core.models import Gate, Resident
from facegate.residents.spreadsheet import RUNS, write

MOST_LINES: Final = 5_000
MOST_BYTES: Final = 2_000_000
NAME_MOST: Final = 80
FLAT_MOST: Final = 40
GROUP_MOST: Final = 40
GROUPS_MOST: Final = 20


class Column(StrEnum):
    """What a line may say; the words are the headings of a file that is written here."""

    NAME = "name"
    FLAT = "flat"
    GROUPS = "groups"
    PERSON = "person"
    VALID_FROM = "valid_from"
    VALID_UNTIL = "valid_until"
    GATES = "gates"


_HEADINGS: Final[Mapping[str, Column]] = {
    **{str(column): column for column in Column},
    "resident": Column.NAME,
    "full name": Column.NAME,
    "姓名": Column.NAME,
    "名称": Column.NAME,
    "住户": Column.NAME,
    "apartment": Column.FLAT,
    "unit": Column.FLAT,
    "房号": Column.FLAT,
    "门牌": Column.FLAT,
    "房间": Column.FLAT,
    "住址": Column.FLAT,
    "group": Column.GROUPS,
    "分组": Column.GROUPS,
    "组": Column.GROUPS,
    "home assistant person": Column.PERSON,
    "人员": Column.PERSON,
    "from": Column.VALID_FROM,
    "valid from": Column.VALID_FROM,
    "生效日期": Column.VALID_FROM,
    "开始日期": Column.VALID_FROM,
    "until": Column.VALID_UNTIL,
    "valid until": Column.VALID_UNTIL,
    "到期日期": Column.VALID_UNTIL,
    "截止日期": Column.VALID_UNTIL,
    "有效期至": Column.VALID_UNTIL,
    "gate": Column.GATES,
    "闸门": Column.GATES,
    "门": Column.GATES,
}
_SEPARATORS: Final = (";", "\t", ",")
_WITHIN: Final = re.compile(r"[;,|、，；\n]")
"""Between several groups or gates in one cell."""
_PERSON: Final = re.compile(r"[a-z_]+\.[a-z0-9_]{1,120}|[A-Za-z0-9_-]{1,128}")
_DATE: Final = re.compile(
    r"(?:(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?|(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>\d{4}))"
    r"(?:[ T](?P<h>\d{1,2}):(?P<min>\d{2})(?::\d{2})?)?"
)


class Fault(StrEnum):
    """What is wrong with a cell; each is a translation key."""

    MISSING = "missing"
    TEXT = "text"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    DATE = "date"
    ORDER = "order"
    GATE = "gate"
    PERSON = "person"
    TAKEN = "taken"
    TWICE = "twice"
    KNOWN = "known"
    CELLS = "cells"


class FileFault(StrEnum):
    """Why a file cannot be read at all; each is a translation key."""

    EMPTY = "empty"
    LARGE = "large"
    ENCODING = "encoding"
    BINARY = "binary"
    HEADINGS = "headings"
    LINES = "lines"


class ImportingError(ValueError):
    """A file that cannot be read; the text is one sentence that says what to do."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(_SENTENCES[fault])
        self.fault = fault


_SENTENCES: Final = {
    FileFault.EMPTY: "The file has no line under its headings: add one line for each resident.",
    FileFault.LARGE: f"The file is larger than {MOST_BYTES // 1_000_000} MB: divide it.",
    FileFault.ENCODING: "The file's letters cannot be read: save it as 'CSV UTF-8'.",
    FileFault.BINARY: "This is no CSV file: open it in the spreadsheet and save it as 'CSV UTF-8'.",
    FileFault.HEADINGS: "The first line has no heading 'name': write the headings name, flat, groups, person, "
    "valid_from, valid_until and gates, as many of them as you need.",
    FileFault.LINES: f"The file has more than {MOST_LINES} lines: divide it.",
}


@dataclass(frozen=True, slots=True)
class CellFault:
    """One fault, with what stood there."""

    column: str
    fault: Fault
    value: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, as far as it was understood. ``gates`` are ids; times are Unix seconds."""

    number: int
    name: str
    flat: str = ""
    groups: tuple[str, ...] = ()
    person: str = ""
    valid_from: float | None = None
    valid_until: float | None = None
    gates: tuple[str, ...] = ()
    faults: tuple[CellFault, ...] = ()

    @property
    def properties(self) -> dict[str, Any]:
        """What is stored of it."""
        return {
            "name": self.name,
            "person": self.person or None,
            "flat": self.flat,
            "groups": frozenset(self.groups),
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
            "gates": frozenset(self.gates),
        }


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole file. ``ignored``: headings that mean nothing here."""

    encoding: str
    separator: str
    ignored: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def good(self) -> list[Line]:
        """The lines without a fault."""
        return [line for line in self.lines if not line.faults]


@dataclass(slots=True)
class _Reading:
    """What is known while the lines are read."""

    gates: Mapping[str, str]
    known: set[tuple[str, str]]
    persons: set[str]
    timestamp: Callable[[datetime], float]
    seen: set[tuple[str, str]] = field(default_factory=set)


def read(
    content: bytes,
    residents: Iterable[Resident] = (),
    gates: Iterable[Gate] = (),
    *,
    timestamp: Callable[[datetime], float] = datetime.timestamp,
) -> Sheet:
    """Return what a file says; raises ImportingError for one that cannot be read.

    Args:
        content: its bytes.
        residents: who is there already.
        gates: by whose names or ids a line names them.
        timestamp: Unix seconds of a local time.
    """
    text, encoding = _decoded(content)
    separator, text = _separated(text)
    rows = _rows(text, separator)
    headings = [cell.strip().casefold() for cell in next(rows, (0, []))[1]]
    columns = {number: _HEADINGS[heading] for number, heading in enumerate(headings) if heading in _HEADINGS}
    if Column.NAME not in columns.values() or len(set(columns.values())) != len(columns):
        raise ImportingError(FileFault.HEADINGS)
    people = list(residents)
    reading = _Reading(
        gates={word: gate.id for gate in gates for word in (gate.name.casefold(), gate.id)},
        known={_who(resident.name, resident.flat) for resident in people},
        persons={resident.person for resident in people if resident.person},
        timestamp=timestamp,
    )
    lines: list[Line] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(lines) == MOST_LINES:
            raise ImportingError(FileFault.LINES)
        lines.append(_line(number, cells, columns, len(headings), reading))
    if not lines:
        raise ImportingError(FileFault.EMPTY)
    ignored = tuple(heading for number, heading in enumerate(headings) if heading and number not in columns)
    return Sheet(encoding, separator, ignored, tuple(lines))


def write_residents(residents: Iterable[Resident], moment: Callable[[float], datetime]) -> bytes:
    """Return the list of residents as a file that :func:`read` understands. ``moment``: local time of Unix seconds."""

    def when(at: float | None) -> str:
        return "" if at is None else moment(at).strftime("%Y-%m-%d %H:%M")

    return write(
        [
            list(Column),
            *(
                [
                    resident.name,
                    resident.flat,
                    "|".join(sorted(resident.groups)),
                    resident.person or "",
                    when(resident.valid_from),
                    when(resident.valid_until),
                    "|".join(sorted(resident.gates)),
                ]
                for resident in residents
            ),
        ]
    )


def _decoded(content: bytes) -> tuple[str, str]:
    if len(content) > MOST_BYTES:
        raise ImportingError(FileFault.LARGE)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        if b"\0" in content:
            raise ImportingError(FileFault.BINARY)
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise ImportingError(FileFault.BINARY)
        return text, encoding.removesuffix("-sig")
    raise ImportingError(FileFault.ENCODING)


def _separated(text: str) -> tuple[str, str]:
    """What stands between cells, and the text without the line in which some spreadsheets say so."""
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r'"?sep=(.)"?\r?', first)
    if said is not None:
        return said[1], rest
    return max(_SEPARATORS, key=first.count), text


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise ImportingError(FileFault.BINARY) from error


def _line(number: int, cells: list[str], columns: Mapping[int, Column], width: int, reading: _Reading) -> Line:
    faults: list[CellFault] = []
    said = dict.fromkeys(Column, "")
    for place, column in columns.items():
        said[column] = _plain(cells[place]) if place < len(cells) else ""
    if any(cell.strip() for cell in cells[width:]):
        faults.append(CellFault("", Fault.CELLS))
    for column in (Column.NAME, Column.FLAT):
        faults += _text_faults(column, said[column], NAME_MOST if column is Column.NAME else FLAT_MOST)
    groups = _several(said[Column.GROUPS])
    for group in groups:
        faults += _text_faults(Column.GROUPS, group, GROUP_MOST)
    if len(groups) > GROUPS_MOST:
        faults.append(CellFault(Column.GROUPS, Fault.TOO_MANY))
    begins = _moment(said[Column.VALID_FROM], Column.VALID_FROM, reading, faults)
    ends = _moment(said[Column.VALID_UNTIL], Column.VALID_UNTIL, reading, faults)
    if begins is not None and ends is not None and ends <= begins:
        faults.append(CellFault(Column.VALID_UNTIL, Fault.ORDER, said[Column.VALID_UNTIL]))
    faults += _identity_faults(said, reading)
    return Line(
        number,
        said[Column.NAME],
        said[Column.FLAT],
        groups,
        said[Column.PERSON],
        begins,
        ends,
        _gates(said[Column.GATES], reading, faults),
        tuple(faults),
    )


def _identity_faults(said: Mapping[Column, str], reading: _Reading) -> Iterator[CellFault]:
    """Who is there already, or stands in the file twice."""
    name, person = said[Column.NAME], said[Column.PERSON]
    who = _who(name, said[Column.FLAT])
    if name and who in reading.known:
        yield CellFault(Column.NAME, Fault.KNOWN, name)
    elif name and who in reading.seen:
        yield CellFault(Column.NAME, Fault.TWICE, name)
    reading.seen.add(who)
    if not person:
        return
    if not _PERSON.fullmatch(person):
        yield CellFault(Column.PERSON, Fault.PERSON, person)
    elif person in reading.persons:
        yield CellFault(Column.PERSON, Fault.TAKEN, person)
    reading.persons.add(person)


def _text_faults(column: Column, text: str, most: int) -> Iterator[CellFault]:
    if not text and column is Column.NAME:
        yield CellFault(column, Fault.MISSING)
    elif not text.isprintable():
        yield CellFault(column, Fault.TEXT)
    elif len(text) > most:
        yield CellFault(column, Fault.TOO_LONG, text[:most])


def _gates(said: str, reading: _Reading, faults: list[CellFault]) -> tuple[str, ...]:
    """Ids of the gates; one that nobody knows is a fault, since no gate at all would mean every gate."""
    found = []
    for word in _several(said):
        gate = reading.gates.get(word) or reading.gates.get(word.casefold())
        if gate is None:
            faults.append(CellFault(Column.GATES, Fault.GATE, word))
        else:
            found.append(gate)
    return tuple(dict.fromkeys(found))


def _moment(said: str, column: Column, reading: _Reading, faults: list[CellFault]) -> float | None:
    """Unix seconds; a day alone begins with its first minute, and lasts through its last."""
    if not said:
        return None
    moment = _parsed(said, through=column is Column.VALID_UNTIL)
    if moment is None:
        faults.append(CellFault(column, Fault.DATE, said[:40]))
        return None
    return reading.timestamp(moment)


def _parsed(said: str, *, through: bool) -> datetime | None:
    """The local time that a cell says. ``through``: a day alone means its end."""
    match = _DATE.fullmatch(said)
    if match is None:
        return None
    year, month, day = (int(match[name] or match[f"{name}2"]) for name in "ymd")
    if not 1970 < year < 2100:
        return None
    try:
        moment = datetime(year, month, day, int(match["h"] or 0), int(match["min"] or 0))  # noqa: DTZ001  # local time
    except ValueError:
        return None
    return moment + timedelta(days=1) if through and match["h"] is None else moment


def _plain(cell: str) -> str:
    """A cell without the space around it, and without the mark that keeps a spreadsheet from running it."""
    text = " ".join(cell.split(" ")).strip().strip("\u00a0\u3000").strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(RUNS) else text


def _several(said: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in _WITHIN.split(said) if word.strip()))


def _who(name: str, flat: str) -> tuple[str, str]:
    return name.casefold(), flat.casefold()
