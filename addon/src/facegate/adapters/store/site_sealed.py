"""What stands in the database under the site key, so that a new site key can take it over.

Every column of bytes stands here, either as sealed under the site key or with what it is instead (a test sees to it).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, RowMapping, Table

from facegate.adapters.store import schema
from facegate.adapters.store.trail import ACCESS

KEY_CHECK: Final = "key check"
"""The place of the installation's id, sealed: it tells a foreign site key."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column under the site key: the place that each row's value is bound to, and the trail's links, if any."""

    table: Table
    column: str
    place: Callable[[RowMapping], tuple[str, ...]]
    linked: str = ""
    """The kind of the trail's links that commit to the value: a record sealed anew is linked anew."""

    @property
    def key(self) -> Column[Any]:
        """The column that names a row."""
        [column] = self.table.primary_key.columns
        return column


UNDER_THE_SITE_KEY: Final = (
    Sealed(schema.installation, "key_check", lambda _: (KEY_CHECK,)),
    Sealed(schema.cameras, "source", lambda row: ("camera", row["id"])),
    Sealed(schema.access, "note", lambda row: ("note", row["id"]), linked=ACCESS),
    Sealed(schema.passes, "label", lambda row: ("pass", row["id"])),
    Sealed(schema.persons, "sealed", lambda row: ("person", row["mark"])),
)

OTHERWISE: Final = {
    "residents.profile": "under the resident's key",
    "templates.sealed": "under the key of the resident's faces",
    "credentials.sealed": "under the resident's key",
    "key_changes.nonce": "random, and no secret: it goes over the wire",
    "key_changes.follows": "a hash",
    "trail.salt": "random, and destroyed with its record",
    "trail.commitment": "a hash",
    "trail.hash": "a hash",
    "checkpoints.hash": "a hash",
    "checkpoints.signature": "a signature",
    "members.password": "salt and scrypt of it",
    "passes.sealed": "under the resident's key",
    "strict_templates.share": "under the key of the resident's faces",
    "strict_templates.sealed": "under a key of that half and the resident's own",
    "passes.hash": "a hash",
    "links.hash": "a hash",
    "link_sessions.hash": "a hash",
    "consents.details": "under the resident's key",
    "acts.details": "under the key of the resident whom it is about, or one of the trail's own",
}
"""Columns of bytes that no new site key changes, and why: ``table.column``."""
