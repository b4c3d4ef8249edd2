"""The data register (PRIVACY P1): every place where anything is kept, what stands there, and for how long.

It is written by hand, and a test holds it to the schema: nobody adds a table, a column or a kind of key without saying
here what it is for. The words for people are the panel's; here stand their keys.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Place(StrEnum):
    """Where something is kept."""

    DATABASE = "database"
    KEYS = "keys"
    FILES = "files"
    MEMORY = "memory"
    BROKER = "broker"
    HOME_ASSISTANT = "home_assistant"


class About(StrEnum):
    """Of whom it tells."""

    RESIDENTS = "residents"
    STAFF = "staff"
    HOUSE = "house"
    PASSERS_BY = "passers_by"


class Kept(StrEnum):
    """For how long; each is a translation key."""

    RESIDENCE = "residence"
    PASSAGES = "passages"
    ACTS = "acts"
    RECORDS = "records"
    TRAIL = "trail"
    GATE = "gate"
    ROLE = "role"
    HOUSE = "house"
    SHORT = "short"
    COPIES = "copies"
    RUN = "run"
    MOMENT = "moment"
    LAST = "last"
    THEIRS = "theirs"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Entry:
    """One store. ``name``: of the table, the kind of keys, or the thing; ``fields``: of a table, its columns."""

    name: str
    place: Place
    about: About
    kept: Kept
    fields: tuple[str, ...] = ()


def _table(name: str, about: About, kept: Kept, fields: str) -> Entry:
    return Entry(name, Place.DATABASE, about, kept, tuple(fields.split()))


_PEOPLE, _STAFF, _HOUSE = About.RESIDENTS, About.STAFF, About.HOUSE

REGISTER: Final = (
    _table("residents", _PEOPLE, Kept.RESIDENCE, "id profile state valid_from valid_until gates created_at erased_at"),
    _table("templates", _PEOPLE, Kept.RESIDENCE, "id resident consent model sealed created_at rotation"),
    _table("strict_templates", _PEOPLE, Kept.RESIDENCE, "id resident consent model vectors share sealed created_at"),
    _table("consents", _PEOPLE, Kept.RECORDS, "id resident purpose notice language channel at withdrawn_at details"),
    _table(
        "credentials",
        _PEOPLE,
        Kept.RESIDENCE,
        "id resident kind learned_at sealed created_at valid_from valid_until windows",
    ),
    _table(
        "passes",
        _PEOPLE,
        Kept.RESIDENCE,
        "id kind resident guest gates sealed label hash valid_from valid_until uses passback used_step used_at "
        "direction created_at revoked_at",
    ),
    _table("links", _PEOPLE, Kept.RESIDENCE, "id resident kind hash created_at expires_at used_at revoked_at"),
    _table("link_sessions", _PEOPLE, Kept.SHORT, "hash link seen_at ends_at"),
    _table("presence", _PEOPLE, Kept.RESIDENCE, "resident month"),
    _table("erasures", _PEOPLE, Kept.RECORDS, "resident cause actor asked_at at certificate"),
    _table(
        "access",
        _PEOPLE,
        Kept.PASSAGES,
        "number id kind gate direction method resident reason at result detail completed_at passage passage_at past "
        "boot seq actor note pseudonym",
    ),
    _table("acts", _STAFF, Kept.ACTS, "number id at actor act resident many details"),
    _table("members", _STAFF, Kept.ROLE, "id name role password since"),
    _table("gate_orders", _STAFF, Kept.HOUSE, "number gate at actor what seconds result detail completed_at"),
    _table(
        "recognition_changes",
        _STAFF,
        Kept.HOUSE,
        "number at actor threshold least residents strangers_per_day false_opens_per_year reason",
    ),
    _table("tokens", _HOUSE, Kept.ROLE, "id name hash scopes created_at last_used_at"),
    _table("notices", _HOUSE, Kept.HOUSE, "purpose language version meaning hash text at"),
    _table("papers", _HOUSE, Kept.HOUSE, "only responsible assessed_at assessed_by scope"),
    _table("trail", _HOUSE, Kept.TRAIL, "number kind ref replaces salt commitment hash record"),
    _table("checkpoints", _HOUSE, Kept.TRAIL, "number hash at signature"),
    _table("gates", _HOUSE, Kept.GATE, "id name mode pulse_ms trial faces phone readers"),
    _table(
        "cameras",
        _HOUSE,
        Kept.GATE,
        "id gate source direction transport zone min_face dwell liveness on_press masks",
    ),
    _table("commissionings", _STAFF, Kept.GATE, "number gate at sheet"),
    _table("node_setups", _HOUSE, Kept.GATE, "gate board lock features release"),
    _table("node_positions", _HOUSE, Kept.GATE, "gate kind boot seq"),
    _table("node_gaps", _HOUSE, Kept.GATE, "gate boot seqs since"),
    _table("persons", _PEOPLE, Kept.TOLD, "mark sealed new"),
    _table("tally", _HOUSE, Kept.LAST, "only since inside gates"),
    _table("told_address", _HOUSE, Kept.LAST, "only token url"),
    _table("snapshot_rules", _HOUSE, Kept.GATE, "gate hours"),
    _table("gate_lists", _HOUSE, Kept.GATE, "gate version fingerprint expires stored"),
    _table("key_changes", _HOUSE, Kept.GATE, "gate nonce follows begun_at"),
    _table("installation", _HOUSE, Kept.HOUSE, "only id key_check boot created_at rotation"),
    _table("papers", _HOUSE, Kept.HOUSE, "only responsible assessed_at assessed_by scope"),
    _table("trusted_time", _HOUSE, Kept.HOUSE, "only now wall doubted"),
    Entry("site_key", Place.KEYS, _HOUSE, Kept.HOUSE),
    Entry("residents", Place.KEYS, _PEOPLE, Kept.RESIDENCE),
    Entry("faces", Place.KEYS, _PEOPLE, Kept.RESIDENCE),
    Entry("rotation", Place.KEYS, _HOUSE, Kept.HOUSE),
    Entry("gates", Place.KEYS, _HOUSE, Kept.GATE),
    Entry("pairing", Place.KEYS, _HOUSE, Kept.HOUSE),
    Entry("trail", Place.KEYS, _HOUSE, Kept.HOUSE),
    Entry("copies", Place.FILES, _PEOPLE, Kept.COPIES),
    Entry("backup", Place.FILES, _PEOPLE, Kept.SHORT),
    Entry("models", Place.FILES, _HOUSE, Kept.HOUSE),
    Entry("run_token", Place.FILES, _HOUSE, Kept.RUN),
    Entry("log", Place.FILES, _HOUSE, Kept.THEIRS),
    Entry("frames", Place.MEMORY, About.PASSERS_BY, Kept.MOMENT),
    Entry("strangers", Place.MEMORY, About.PASSERS_BY, Kept.MOMENT),
    Entry("snapshots", Place.MEMORY, About.PASSERS_BY, Kept.SHORT),
    Entry("gallery", Place.MEMORY, _PEOPLE, Kept.RUN),
    Entry("status", Place.BROKER, _HOUSE, Kept.LAST),
    Entry("state", Place.BROKER, _HOUSE, Kept.LAST),
    Entry("node_status", Place.BROKER, _HOUSE, Kept.LAST),
    Entry("history", Place.HOME_ASSISTANT, _HOUSE, Kept.THEIRS),
    Entry("persons", Place.HOME_ASSISTANT, _PEOPLE, Kept.THEIRS),
)


def tables() -> dict[str, frozenset[str]]:
    """The columns of every table, as the register has them."""
    return {entry.name: frozenset(entry.fields) for entry in REGISTER if entry.place is Place.DATABASE}
