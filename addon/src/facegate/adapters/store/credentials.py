"""Cards and PINs of residents, and the lists that the gates' nodes were given.

A number is sealed under its resident's key and goes with it. It leaves this file only as keyed digests of one gate: no
other door leads to it, so a PIN cannot be read again once it is set.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from facegate.adapters import crypto
from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.errors import ExistsError, FullError, NotFoundError
from facegate.adapters.store.gates import GateStore
from facegate.adapters.store.residents import ResidentStore
from facegate.contract.verbs import ENTRIES_MAX, card_digest, digest_key, pin_digest
from facegate.core.allow_list import Marked, allow_list
from facegate.core.credentials import (
    Credential,
    CredentialKind,
    Window,
    card_forms,
    check_pin,
    is_good_pin,
    least_digits,
    overlap,
)

_CREDENTIALS = schema.credentials
_LISTS = schema.gate_lists

MOST_EACH: Final = 8
"""Cards and PINs of one resident: more would be a mistake, or a shop."""
MADE_DIGITS: Final = 6  # of a PIN that FaceGate makes, where fewer would do


@dataclass(frozen=True, slots=True)
class GateList:
    """The last list that was made for a gate. ``stored``: whether its node has said that it is in force.

    ``expires`` is in Unix seconds, 0 for never; ``fingerprint`` names the content.
    """

    gate: str
    version: int
    fingerprint: str
    expires: int
    stored: bool = False


@dataclass(frozen=True, slots=True)
class _Secret:
    """What is sealed: the number of a card in hex, the digits of a PIN, or what a reader has told of a card."""

    number: str = ""
    digits: str = ""
    digest: str = ""
    key: str = ""


class CredentialStore(GateStore, ResidentStore):
    """What the store knows about cards and PINs."""

    def credentials(self, resident: str | None = None) -> list[Credential]:
        """All cards and PINs that can be read, or those of one resident, oldest first; raises NotFoundError."""
        if resident is not None:
            self.resident(resident)
        return [credential for credential, _ in self._opened(resident)]

    def credential(self, resident: str, credential: str) -> Credential:
        """One credential of one resident; raises NotFoundError."""
        found = next((known for known in self.credentials(resident) if known.id == credential), None)
        if found is None:
            raise _none(credential)
        return found

    def add_card(self, credential: Credential, number: bytes) -> Credential:
        """Store a card by its number; raises NotFoundError, ExistsError, FullError."""
        forms = card_forms(number)
        taken = (card_forms(bytes.fromhex(secret.number)) for _, secret in self._opened() if secret.number)
        if any(overlap(forms, other) for other in taken):
            raise _taken()
        if self._is_learned(forms):
            raise _taken()
        return self._add(replace(credential, hint=number[-2:].hex()), _Secret(number=number.hex()))

    def add_learned_card(self, credential: Credential, gate: str, digest: bytes) -> Credential:
        """Store a card that the reader of ``gate`` has told of; raises NotFoundError, ExistsError, FullError."""
        if any(digest in marked.digests for marked in self.marked(gate) if not marked.stale):
            raise _taken()
        key = _key_check(digest_key(self.gate_key(gate), gate))
        return self._add(replace(credential, learned_at=gate), _Secret(digest=digest.hex(), key=key))

    def add_pin(self, credential: Credential, digits: str | None = None) -> tuple[Credential, str]:
        """Store a PIN, one of our making where none is given, and return it this once.

        PINs differ over the whole site, so that no change of rights makes two residents one. Raises CredentialError
        for one that is guessed too easily, NotFoundError, ExistsError, FullError.
        """
        taken = {secret.digits for _, secret in self._opened() if secret.digits}
        if digits is None:
            length = max(MADE_DIGITS, least_digits(len(taken) + 1))
            digits = _draw(length)
            while digits in taken or not is_good_pin(digits, len(taken)):
                digits = _draw(length)
        check_pin(digits, len(taken))
        if digits in taken:
            raise ExistsError("This PIN cannot be used here: choose another, or let FaceGate make one.")
        return self._add(credential, _Secret(digits=digits)), digits

    def update_credential(self, credential: Credential) -> None:
        """Store another validity; raises NotFoundError, FullError."""
        known = self.credential(credential.resident, credential.id)
        changed = replace(
            known,
            valid_from=credential.valid_from,
            valid_until=credential.valid_until,
            windows=credential.windows,
        )
        self._check_room(changed, next(s for c, s in self._opened(known.resident) if c.id == known.id))
        with self._write() as connection:
            connection.execute(update(_CREDENTIALS).where(_CREDENTIALS.c.id == changed.id).values(_validity(changed)))

    def remove_credential(self, resident: str, credential: str) -> None:
        """Delete a card or a PIN; raises NotFoundError."""
        with self._write() as connection:
            gone = delete(_CREDENTIALS).where(_CREDENTIALS.c.id == credential, _CREDENTIALS.c.resident == resident)
            if not connection.execute(gone).rowcount:
                raise _none(credential)
        self._forget_pages()

    def marked(self, gate: str) -> list[Marked]:
        """Every credential with its digests at one gate; raises NotFoundError, or StoreError without the gate's key."""
        key = digest_key(self.gate_key(gate), gate)
        found = (_mark(credential, secret, gate, key) for credential, secret in self._opened())
        return [marked for marked in found if marked is not None]

    def gate_list(self, gate: str) -> GateList | None:
        """The last list that was made for this gate."""
        with self._read() as connection:
            row = connection.execute(select(_LISTS).where(_LISTS.c.gate == gate)).one_or_none()
        return None if row is None else GateList(**row._asdict())

    def save_gate_list(self, made: GateList) -> None:
        """Keep what is about to be sent, or that it is in force now; raises NotFoundError."""
        self.gate(made.gate)
        values = {
            "version": made.version,
            "fingerprint": made.fingerprint,
            "expires": made.expires,
            "stored": made.stored,
        }
        with self._write() as connection:
            new = upsert(_LISTS).values(gate=made.gate, **values)
            connection.execute(new.on_conflict_do_update(index_elements=[_LISTS.c.gate], set_=values))

    def _add(self, credential: Credential, secret: _Secret) -> Credential:
        new = replace(credential, id=secrets.token_hex(8), created_at=self._clock())
        owned = self.credentials(new.resident)
        if len(owned) >= MOST_EACH:
            raise FullError(f"A resident has at most {MOST_EACH} cards and PINs: remove one first.")
        self._check_room(new, secret)
        sealed = {"number": secret.number, "digits": secret.digits, "digest": secret.digest, "key": secret.key}
        with self._write() as connection:
            self._row(connection, new.resident)
            key = self._key(Kind.RESIDENTS, new.resident)
            connection.execute(
                insert(_CREDENTIALS).values(
                    id=new.id,
                    resident=new.resident,
                    kind=new.kind,
                    learned_at=new.learned_at,
                    sealed=crypto.seal(key, json.dumps(sealed).encode(), "credential", new.resident, new.id),
                    created_at=new.created_at,
                    **_validity(new),
                )
            )
        return new

    def _check_room(self, new: Credential, secret: _Secret) -> None:
        """Refuse what would not fit into the list of some gate."""
        residents = {resident.id: resident for resident in self.residents()}
        for gate in self._gates_with_keys():
            key = digest_key(self.gate_key(gate), gate)
            mark = _mark(new, secret, gate, key)
            others = [marked for marked in self.marked(gate) if marked.credential.id != new.id]
            if mark is None:
                continue
            whole = allow_list(gate, residents, [*others, mark], None, room=2**31)
            if len(whole.entries) > ENTRIES_MAX:
                raise FullError(
                    f"With it, the list of gate '{gate}' would have {len(whole.entries)} entries, and its node holds "
                    f"{ENTRIES_MAX}: remove cards, PINs or times of the week first."
                )

    def _is_learned(self, forms: tuple[bytes, ...]) -> bool:
        for gate in self._gates_with_keys():
            key = digest_key(self.gate_key(gate), gate)
            digests = {card_digest(key, form) for form in forms}
            if any(not digests.isdisjoint(marked.digests) for marked in self.marked(gate)):
                return True
        return False

    def _is_stale(self, credential: Credential, secret: _Secret) -> bool:
        """Whether a card was learned at a gate that is gone, or that has another key by now."""
        gate = credential.learned_at
        if not gate:
            return False
        return gate not in self._gates_with_keys() or secret.key != _key_check(digest_key(self.gate_key(gate), gate))

    def _gates_with_keys(self) -> list[str]:
        whole = self._keys.names(Kind.GATES)
        return [gate.id for gate in self.gates() if gate.id in whole]

    def _opened(self, resident: str | None = None) -> list[tuple[Credential, _Secret]]:
        query = select(_CREDENTIALS).order_by(_CREDENTIALS.c.created_at, _CREDENTIALS.c.id)
        if resident is not None:
            query = query.where(_CREDENTIALS.c.resident == resident)
        with self._read() as connection:
            rows = connection.execute(query).all()
            keys = self._resident_keys({row.resident for row in rows})
        return [_open(row, keys[row.resident]) for row in rows if row.resident in keys]


def _open(row: Row[Any], key: bytes) -> tuple[Credential, _Secret]:
    secret = _Secret(**json.loads(crypto.unseal(key, row.sealed, "credential", row.resident, row.id)))
    return (
        Credential(
            id=row.id,
            resident=row.resident,
            kind=CredentialKind(row.kind),
            created_at=row.created_at,
            hint=secret.number[-4:],
            learned_at=row.learned_at,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            windows=tuple(Window(frozenset(days), first, last) for days, first, last in row.windows),
        ),
        secret,
    )


def _mark(credential: Credential, secret: _Secret, gate: str, key: bytes) -> Marked | None:
    """The credential with its digests under ``key`` of ``gate``; ``None`` where its gate is another."""
    if secret.digits:
        return Marked(credential, (pin_digest(key, secret.digits),))
    if secret.number:
        return Marked(credential, tuple(card_digest(key, form) for form in card_forms(bytes.fromhex(secret.number))))
    if credential.learned_at != gate:
        return None
    return Marked(credential, (bytes.fromhex(secret.digest),), stale=secret.key != _key_check(key))


def _validity(credential: Credential) -> dict[str, Any]:
    return {
        "valid_from": credential.valid_from,
        "valid_until": credential.valid_until,
        "windows": _plain(credential.windows),
    }


def _plain(windows: Iterable[Window]) -> list[list[Any]]:
    return [[sorted(window.days), window.first, window.last] for window in windows]


def _key_check(key: bytes) -> str:
    """Tells one digest key from another, and nothing else about it."""
    return hashlib.sha256(b"facegate digest key check " + key).hexdigest()[:16]


def _draw(length: int) -> str:
    return str(secrets.randbelow(10**length)).zfill(length)


def _taken() -> ExistsError:
    return ExistsError("This card is somebody's already, or a reader could take it for such a one: remove that first.")


def _none(credential: str) -> NotFoundError:
    return NotFoundError(f"There is no card or PIN '{credential}': look it up among the resident's credentials.")
