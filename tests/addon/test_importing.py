"""Lists of residents as offices really have them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.models import Gate, Resident
from facegate.residents.importing import (
    MOST_BYTES,
    MOST_LINES,
    Column,
    Fault,
    FileFault,
    ImportingError,
    Line,
    read,
    write_residents,
)
from facegate.residents.spreadsheet import safe, write

GATES = [Gate("main", "Main gate"), Gate("gate-1a2b", "东门")]
HERE = [Resident("r1", "Resident 1", person="person.one", flat="1-101")]


def unix(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def lines(content: bytes) -> list[Line]:
    return list(read(content, HERE, GATES, timestamp=unix).lines)


def faults(row: str, headings: str = "name,flat,groups,person,valid_from,valid_until,gates") -> list[tuple[str, Fault]]:
    [line] = lines(f"{headings}\n{row}\n".encode())
    return [(fault.column, fault.fault) for fault in line.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_way_of_writing_the_same_list_says_the_same(encoding: str, separator: str, end: str) -> None:
    rows = [["姓名", "房号", "有效期至", "闸门"], ["住户甲", "3-502", "2026年12月31日", "东门|main"]]
    content = (end.join(separator.join(row) for row in rows) + end).encode(encoding)
    [line] = lines(content)
    assert (line.name, line.flat, line.gates, line.faults) == ("住户甲", "3-502", ("gate-1a2b", "main"), ())
    assert line.valid_until == datetime(2027, 1, 1, tzinfo=UTC).timestamp(), "a day lasts through its last minute"


def test_a_spreadsheet_that_names_its_separator_is_believed() -> None:
    sheet = read(b'sep=;\r\nname;flat\r\n"Resident 2";"a, b"\r\n')
    assert (sheet.separator, sheet.lines[0].flat) == (";", "a, b")


def test_what_means_nothing_here_is_not_looked_at() -> None:
    sheet = read(b"name,id number,phone\nResident 2,110101199001011234,555\n")
    assert sheet.ignored == ("id number", "phone")
    assert "110101199001011234" not in repr(sheet)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Resident 2,,,,,,", []),
        (",,x,,,,", [("name", Fault.MISSING)]),
        ("x" * 81 + ",,,,,,", [("name", Fault.TOO_LONG)]),
        ("Resident\u202e2,,,,,,", [("name", Fault.TEXT)]),
        ('"two\nlines",,,,,,', [("name", Fault.TEXT)]),
        ("RESIDENT 1,1-101,,,,,", [("name", Fault.KNOWN)]),
        ("Resident 1,1-102,,,,,", []),
        ("Resident 2,,,person.one,,,", [("person", Fault.TAKEN)]),
        ("Resident 2,,,Person One,,,", [("person", Fault.PERSON)]),
        ("Resident 2,,,,2026-11-22,2026-11-22,", []),
        ("Resident 2,,,,2026-11-22 10:00,2026-11-22 09:00,", [("valid_until", Fault.ORDER)]),
        ("Resident 2,,,,03/04/2026,,", [("valid_from", Fault.DATE)]),
        ("Resident 2,,,,2026-02-30,,", [("valid_from", Fault.DATE)]),
        ("Resident 2,,,,45000,,", [("valid_from", Fault.DATE)]),
        ("Resident 2,,,,9999-01-01,,", [("valid_from", Fault.DATE)]),
        ("Resident 2,,,,24.12.2026,,", []),
        ("Resident 2,,,,,,Back door", [("gates", Fault.GATE)]),
        ("Resident 2,,,,,,MAIN GATE", []),
        ("Resident 2,,,,,,main,one too many", [("", Fault.CELLS)]),
        ("Resident 2,," + "|".join(f"g{n}" for n in range(21)) + ",,,,", [("groups", Fault.TOO_MANY)]),
    ],
)
def test_every_fault_is_named_where_it_stands(row: str, expected: list[tuple[str, Fault]]) -> None:
    assert faults(row) == expected


def test_the_same_resident_twice_is_stored_once() -> None:
    first, second, third = lines(b"name,flat,person\nA,1,person.a\nA,1,\nB,1,person.a\n")
    assert first.faults == ()
    assert [fault.fault for fault in second.faults] == [Fault.TWICE]
    assert [fault.fault for fault in third.faults] == [Fault.TAKEN]
    assert (first.number, third.number) == (2, 4)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", FileFault.HEADINGS),
        (b"name,flat\n", FileFault.EMPTY),
        (b"name,flat\n , \n", FileFault.EMPTY),
        (b"surname\nx\n", FileFault.HEADINGS),
        (b"name,resident\nx,y\n", FileFault.HEADINGS),
        (b"PK\x03\x04\0\0\0", FileFault.BINARY),
        (b"name\n\x80\xff\xff\n", FileFault.ENCODING),
        (b"x" * (MOST_BYTES + 1), FileFault.LARGE),
        (b"name\n" + b"x\n" * (MOST_LINES + 1), FileFault.LINES),
        (b"name\n" + b"x" * 200_000 + b"\n", FileFault.BINARY),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, fault: FileFault) -> None:
    with pytest.raises(ImportingError) as refused:
        read(content)
    assert refused.value.fault is fault
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_no_cell_that_is_written_runs_in_a_spreadsheet(value: str) -> None:
    assert safe(value) == f"'{value}"
    assert b"\n'" in write([["name"], [value]]) or b"\n\"'" in write([["name"], [value]])
    [line] = lines(write([["name"], [value]]))
    assert line.name == value


def test_what_is_written_is_read_again() -> None:
    people = [
        Resident("a", "=Resident, 1", person="person.a", flat="'1", groups=frozenset({"x", "y"})),
        Resident("b", "住户乙", valid_from=86_400.0 * 400, valid_until=86_400.0 * 900, gates=frozenset({"main"})),
    ]
    back = read(write_residents(people, moment), [], GATES, timestamp=unix).lines
    assert [line.faults for line in back] == [(), ()]
    assert [(line.name, line.person, line.flat, set(line.groups)) for line in back] == [
        ("=Resident, 1", "person.a", "'1", {"x", "y"}),
        ("住户乙", "", "", set()),
    ]
    assert (back[1].valid_from, back[1].valid_until, back[1].gates) == (86_400.0 * 400, 86_400.0 * 900, ("main",))


@given(st.binary(max_size=300))
def test_no_bytes_are_too_much_for_it(content: bytes) -> None:
    for file in (content, b"name,flat,valid_until,gates\n" + content):
        try:
            sheet = read(file, HERE, GATES, timestamp=unix)
        except ImportingError:
            continue
        for line in sheet.good:
            assert line.name.isprintable()
            assert 1 <= len(line.name) <= 80
            assert len(line.flat) <= 40


@given(st.text(max_size=30), st.sampled_from(Column))
def test_a_written_cell_never_begins_a_formula(text: str, column: Column) -> None:
    for row in write([[column], [text]]).decode("utf-8-sig").split("\r\n"):
        assert not row.startswith(("=", "+", "-", "@", '"=', '"+', '"-', '"@'))
