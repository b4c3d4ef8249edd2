"""Reads vectors.tsv."""

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("vectors.tsv")


@dataclass(frozen=True, slots=True)
class Vector:
    """One row, as the head of the table describes it."""

    name: str
    receiver: str
    kind: str
    gate: str
    key: bytes
    challenge: str
    previous: str
    counter: int
    done: str
    state: str
    uptime: int
    position: tuple[int, int] | None
    line: bytes
    verdict: str
    relay: str
    pulse_ms: str
    detail: str


def unescape(text: str) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode("ascii"))


def read() -> list[Vector]:
    rows = [row for row in TABLE.read_text(encoding="ascii").splitlines() if not row.startswith("#")]
    head = rows[0].split("\t")
    return [_vector(dict(zip(head, row.split("\t"), strict=True))) for row in rows[1:]]


def _vector(row: dict[str, str]) -> Vector:
    def number(text: str) -> int:
        return 0 if text == "-" else int(text)

    return Vector(
        name=row["name"],
        receiver=row["receiver"],
        kind=row["kind"],
        gate=row["gate"],
        key=bytes.fromhex(row["key"]),
        challenge=row["challenge"],
        previous=row["previous"],
        counter=number(row["counter"]),
        done=row["done"],
        state=row["state"],
        uptime=number(row["uptime"]),
        position=None if row["boot"] == "-" else (int(row["boot"]), int(row["seq"])),
        line=unescape(row["line"]),
        verdict=row["verdict"],
        relay=row["relay"],
        pulse_ms=row["pulse_ms"],
        detail=row["detail"],
    )
