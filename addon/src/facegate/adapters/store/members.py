"""Who may use the panel, and as what."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Row, delete, func, insert, select, update

from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.adapters.store.errors import LastOwnerError, NotFoundError

_MEMBERS = schema.members

# RFC 7914; OWASP's cost for interactive logins: 2^17 blocks of 1 kB, about 0.3 s and 128 MB.
_COST: Final = {"n": 2**17, "r": 8, "p": 1, "maxmem": 2**28, "dklen": 32}
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who uses the panel. ``id``: Home Assistant's id of the user, or the name they log in with."""

    id: str
    name: str
    role: str
    since: float


class MemberStore(Database):
    """What the store knows about whoever uses the panel."""

    def members(self) -> list[Member]:
        """Everybody, in the order in which they came."""
        with self._read() as connection:
            return [_member(row) for row in connection.execute(select(_MEMBERS).order_by(_MEMBERS.c.since))]

    def member(self, identifier: str) -> Member | None:
        """One of them."""
        with self._read() as connection:
            row = connection.execute(select(_MEMBERS).where(_MEMBERS.c.id == identifier)).one_or_none()
        return None if row is None else _member(row)

    def set_member(self, identifier: str, name: str, role: str, password: str | None = None) -> None:
        """Give somebody a role; the last owner keeps theirs. A ``password`` is for panels without Home Assistant."""
        values = {"name": name, "role": role} | ({"password": _hashed(password)} if password is not None else {})
        with self._write() as connection:
            known = select(_MEMBERS.c.id).where(_MEMBERS.c.id == identifier)
            if connection.execute(known).one_or_none() is None:
                connection.execute(insert(_MEMBERS).values(id=identifier, since=self._clock(), **values))
            else:
                connection.execute(update(_MEMBERS).where(_MEMBERS.c.id == identifier).values(values))
            owners = select(func.count()).select_from(_MEMBERS).where(_MEMBERS.c.role == "owner")
            if not connection.execute(owners).scalar_one():
                raise LastOwnerError("The last owner stays owner: make somebody else an owner first.")

    def remove_member(self, identifier: str) -> None:
        """Take somebody's role away; raises NotFoundError, and StoreError for the last owner."""
        with self._write() as connection:
            row = connection.execute(select(_MEMBERS).where(_MEMBERS.c.id == identifier)).one_or_none()
            if row is None:
                raise NotFoundError(f"There is no member '{identifier}' of the panel: reload the page.")
            owners = select(func.count()).select_from(_MEMBERS).where(_MEMBERS.c.role == "owner")
            if row.role == "owner" and connection.execute(owners).scalar_one() == 1:
                raise LastOwnerError("The last owner stays owner: make somebody else an owner first.")
            connection.execute(delete(_MEMBERS).where(_MEMBERS.c.id == identifier))

    def knows_password(self, identifier: str, password: str) -> bool:
        """Whether this is the member's password; takes as long for somebody who does not exist."""
        with self._read() as connection:
            kept = connection.execute(
                select(_MEMBERS.c.password).where(_MEMBERS.c.id == identifier)
            ).scalar_one_or_none()
        expected = kept or bytes(_SALT_BYTES + 32)
        given = hashlib.scrypt(password.encode(), salt=expected[:_SALT_BYTES], **_COST)
        return hmac.compare_digest(given, expected[_SALT_BYTES:]) and kept is not None


def _hashed(password: str) -> bytes:
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt + hashlib.scrypt(password.encode(), salt=salt, **_COST)


def _member(row: Row[tuple[object, ...]]) -> Member:
    return Member(row.id, row.name, row.role, row.since)
