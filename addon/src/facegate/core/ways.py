"""Who gets in at a gate without a face (PRIVACY P5): no face reader is on before everybody does.

A way counts if it is as good as a face: at this gate, today, at any hour. One way at least must need neither a camera
nor the recognizer, so that it is there when both are dead: a card or a PIN that the gate's own node decides about.
A guard who opens from afar is a kindness and no way: nobody sits there at every hour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from facegate.contract.verbs import DAY_MINUTES
from facegate.core import residency
from facegate.core.credentials import Credential, Window
from facegate.core.models import Gate, Method, Resident
from facegate.core.node_file import NodeSetup

CARD_READERS: Final = frozenset({"wiegand", "rdm6300", "pn532"})
KEYPADS: Final = frozenset({"keypad-wiegand", "keypad-matrix"})
"""Packages of a node (``core.boards.FEATURES``) that read cards, and those that read PINs."""

_AT_NODE: Final = frozenset({Method.CARD, Method.PIN})


class Missing(StrEnum):
    """What a gate lacks; each is a translation key."""

    READER = "reader"
    LIST = "list"
    TWO_FACTORS = "two_factors"
    RESIDENTS = "residents"


@dataclass(frozen=True, slots=True)
class Way:
    """Something by which one resident gets in without a face.

    ``gate``: the only one that it opens, empty for all that the resident may use. Times are Unix seconds, ``None`` for
    no limit. ``always``: whether it is good at every hour of the week.
    """

    resident: str
    method: Method
    gate: str = ""
    valid_from: float | None = None
    valid_until: float | None = None
    always: bool = True

    def works(self, gate: str, now: float) -> bool:
        """Whether it is as good at this gate as a face would be."""
        begun = self.valid_from is None or self.valid_from <= now
        ended = self.valid_until is not None and self.valid_until <= now
        return self.always and begun and not ended and self.gate in ("", gate)


@dataclass(frozen=True, slots=True)
class Equipment:
    """What is there at a gate beside its face reader.

    ``reads``: what its node reads. ``two_factors``: a camera of it asks for a face and something else, so that nothing
    else suffices. ``camera``: whether one could read a pass. ``listed``: whether its node says that it has its list.
    """

    gate: Gate
    reads: frozenset[Method]
    two_factors: bool = False
    camera: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Gaps:
    """What a gate lacks before its face reader may be on. ``without``: ids of residents who have no way there."""

    missing: tuple[Missing, ...] = ()
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self.missing)

    @property
    def lasting(self) -> bool:
        """Whether it is more than a list that is on its way to the node."""
        return any(missing is not Missing.LIST for missing in self.missing)


@dataclass(frozen=True, slots=True)
class Book:
    """Everybody, everything that they have beside their faces, and what stands at each gate; taken at one moment."""

    residents: Sequence[Resident] = ()
    ways: Sequence[Way] = ()
    gates: Sequence[Equipment] = field(default=())

    def gaps(self, gate: str, now: float) -> Gaps:
        """What one gate lacks at this moment; nothing for a gate that is not in the book."""
        found = next((equipment for equipment in self.gates if equipment.gate.id == gate), None)
        return Gaps() if found is None else gaps(found, self.residents, self.ways, now)


def reads(gate: Gate, setup: NodeSetup | None) -> frozenset[Method]:
    """What a gate's node reads: by its hardware, or where nobody has named that, by its owner's word."""
    if setup is None:
        return frozenset(Method(reader) for reader in gate.readers)
    has = frozenset(setup.features)
    return frozenset({Method.CARD} if has & CARD_READERS else ()) | frozenset({Method.PIN} if has & KEYPADS else ())


def of_credential(credential: Credential) -> Way:
    """A card or a PIN as a way."""
    return Way(
        credential.resident,
        Method(credential.kind),
        credential.learned_at,
        credential.valid_from,
        credential.valid_until,
        always=not credential.windows or any(_is_whole(window) for window in credential.windows),
    )


def usable(way: Way, at: Equipment, now: float) -> bool:
    """Whether a way works at this gate now."""
    if not way.works(at.gate.id, now):
        return False
    match way.method:
        case Method.CARD | Method.PIN:
            return way.method in at.reads and not at.two_factors
        case Method.QR:
            return at.camera and not at.two_factors
        case Method.PHONE:
            return at.gate.phone
        case _:
            return False


def gaps(at: Equipment, residents: Iterable[Resident], ways: Iterable[Way], now: float) -> Gaps:
    """What is missing before the face reader of a gate may be on; a trial gate moves no door and lacks nothing.

    Counted is everybody who may pass today. Whoever was invited and never answers has declined as well, and needs a
    way like everybody else.
    """
    if at.gate.trial:
        return Gaps()
    served = {way.resident for way in ways if usable(way, at, now)}
    without = tuple(
        resident.id
        for resident in residents
        if residency.may_pass(resident, at.gate.id, now) and resident.id not in served
    )
    found = {
        Missing.TWO_FACTORS: at.two_factors,
        Missing.READER: not at.reads & _AT_NODE,
        Missing.LIST: bool(at.reads & _AT_NODE) and not at.two_factors and not at.listed,
        Missing.RESIDENTS: bool(without),
    }
    return Gaps(tuple(missing for missing, there in found.items() if there), without)


def _is_whole(window: Window) -> bool:
    return len(window.days) == 7 and window.first == 0 and window.last == DAY_MINUTES
