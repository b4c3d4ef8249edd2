"""The keys as a whole: under a passphrase or not, a new site key, and copies of them for the day of a disaster."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select, update

from facegate.adapters import key_files
from facegate.adapters import passphrase as passphrases
from facegate.adapters.crypto import Kind
from facegate.adapters.passphrase import Lock, chosen
from facegate.adapters.sealing import KEY_BYTES, SecretError
from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.adapters.store.errors import StoreError, failures
from facegate.adapters.store.site_sealed import UNDER_THE_SITE_KEY, Sealed
from facegate.adapters.store.trail import TrailStore
from facegate.core.models import ResidentState

_FORM: Final = b"facegate exported keys 1\n"
_PLACE: Final = "exported keys"


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """How the keys stand: whether a passphrase is needed at a start, how many there are, and of which model templates
    are, as the number of residents by model.
    """

    locked: bool
    counts: Mapping[Kind, int]
    rotation: int
    models: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the keys of an export: put back, there already, and refused because nothing is left to open."""

    brought: int
    kept: int
    refused: int


class KeyStore(TrailStore, Database):
    """What the store knows about its keys."""

    def key_standing(self) -> KeyStanding:
        """How the keys stand now."""
        templates = schema.templates.c
        with self._read() as connection:
            pairs = connection.execute(select(templates.model, templates.resident).distinct()).all()
            number = connection.execute(select(schema.installation.c.rotation)).scalar_one()
        models = [pair.model for pair in pairs]
        return KeyStanding(
            self._keys.locked,
            {kind: len(self._keys.names(kind)) for kind in Kind},
            number,
            {model: models.count(model) for model in sorted(set(models))},
        )

    def templates_of_other_models(self, model: str) -> dict[str, list[str]]:
        """Residents who must be enrolled again before ``model`` knows them, with the models that they have."""
        templates = schema.templates.c
        with self._read() as connection:
            pairs = connection.execute(select(templates.resident, templates.model).distinct()).all()
        known: dict[str, set[str]] = {}
        for resident, made_by in pairs:
            known.setdefault(resident, set()).add(made_by)
        return {resident: sorted(made_by) for resident, made_by in sorted(known.items()) if model not in made_by}

    def set_passphrase(self, passphrase: str | None) -> None:
        """Put the site key under a passphrase that every start will ask for, or under none; raises StoreError."""
        with self._lock, failures(self.data):
            self._refuse_closed()
            self._keys.lock(passphrase)

    def change_site_key(self) -> int:
        """Put everything under a new site key and return how many keys were wrapped anew; the old one opens nothing.

        Whenever it is cut short, the next start finishes it.
        """
        with self._lock, failures(self.data):
            self._refuse_closed()
            self._keys.begin_change()
            return self._finish_change()

    def export_keys(self, passphrase: str) -> bytes:
        """Return every key and the site key, locked under a passphrase, for the day when this box is lost."""
        with self._lock, failures(self.data):
            self._refuse_closed()
            keys: dict[str, dict[str, str]] = {kind: {} for kind in Kind}
            for kind in Kind:
                for name in sorted(self._keys.names(kind)):
                    try:
                        keys[kind][name] = _written(self._keys.key(kind, name))
                    except SecretError:
                        continue  # damaged: unreadable() reports it, and the others are worth keeping
            content = {
                "installation": self.installation,
                "at": int(self._clock()),
                "site": _written(self._keys.site()),
                "keys": keys,
            }
            return Lock.of(chosen(passphrase)).close(_FORM, json.dumps(content).encode(), _PLACE)

    def import_keys(self, exported: bytes, passphrase: str) -> Imported:
        """Put back keys that are missing here. A key that is there stays, and whoever is erased stays erased.

        Which keys are wanted is this database's word: who was erased or has withdrawn since the export has no row
        left that the key could open. Raises StoreError.
        """
        with self._lock, failures(self.data):
            self._refuse_closed()
            content = read_export(exported, passphrase)
            if content["installation"] != self.installation:
                raise StoreError("These keys were exported by another installation: choose the export of this one.")
            with self._read() as connection:
                wanted = _wanted(connection)
            brought = kept = refused = 0
            for kind in Kind:
                for name, written in content["keys"].get(kind, {}).items():
                    rows = wanted[kind]
                    if rows is not None and name not in rows:
                        refused += 1
                    elif self._has(kind, name):
                        kept += 1
                    else:
                        self._keys.destroy(kind, name)  # one that does not open makes room
                        self._keys.make(kind, name, _read(written))
                        self._keys.keep(kind, name)
                        brought += 1
            return Imported(brought, kept, refused)

    def _has(self, kind: Kind, name: str) -> bool:
        try:
            self._keys.key(kind, name)
        except SecretError:  # gone or damaged
            return False
        return True

    def _settle_site_key(self) -> None:
        """After a start: a new site key that was taking over goes on to do so."""
        with self._lock, failures(self.data):
            if self._keys.is_changing:
                self._finish_change()

    def _finish_change(self) -> int:
        count = self._keys.rewrap()
        with self._write() as connection:
            for sealed in UNDER_THE_SITE_KEY:
                self._seal_anew(connection, sealed)
        self._keys.end_change()
        self._forget_pages()
        return count

    def _seal_anew(self, connection: Connection, sealed: Sealed) -> None:
        column = sealed.table.c[sealed.column]
        rows = connection.execute(select(sealed.table).where(column.is_not(None))).mappings().all()
        for row in rows:
            place = sealed.place(row)
            anew = self._keys.seal(self._keys.unseal(row[column], *place), *place)
            of_row = sealed.key == row[sealed.key]
            connection.execute(update(sealed.table).where(of_row).values({sealed.column: anew}))
            if sealed.linked:
                self._add_link(connection, sealed.linked, row["id"], self._state(connection, sealed.linked, row["id"]))


def read_export(exported: bytes, passphrase: str) -> dict[str, Any]:
    """Return what an export holds; raises SecretError for another file or passphrase."""
    if not exported.startswith(_FORM):
        raise SecretError("This is no export of keys: choose a file that 'facegate keys export' has written.")
    content: dict[str, Any] = json.loads(passphrases.open_locked(_FORM, exported, _PLACE, passphrase)[0])
    return content


def restore_site_key(data: Path, exported: bytes, passphrase: str) -> bool:
    """Put back the site key of an export where there is none, and say whether there was none. Raises StoreError."""
    path = data / "keys" / "site.key"
    with failures(data):
        if path.exists():
            return False
        key = _read(read_export(exported, passphrase)["site"])
        path.parent.mkdir(parents=True, exist_ok=True)
        key_files.write_new(path, key)
        return True


def _wanted(connection: Connection) -> dict[Kind, frozenset[str] | None]:
    """The keys that rows of this database ask for; ``None`` for all that there are."""
    residents = schema.residents.c
    living = frozenset(
        connection.execute(select(residents.id).where(residents.state != ResidentState.ERASED)).scalars()
    )
    return {
        Kind.RESIDENTS: living,
        Kind.FACES: living & frozenset(connection.execute(select(schema.templates.c.resident)).scalars()),
        Kind.ROTATION: frozenset({str(connection.execute(select(schema.installation.c.rotation)).scalar_one())}),
        Kind.GATES: frozenset(connection.execute(select(schema.gates.c.id)).scalars()),
        # Keys without rows, of what is there once: an export of this installation holds the right ones.
        Kind.PAIRING: None,
        Kind.TRAIL: None,
    }


def _written(key: bytes) -> str:
    return b64encode(key).decode()


def _read(written: str) -> bytes:
    key = b64decode(written, validate=True)
    if len(key) != KEY_BYTES:
        raise SecretError("The export is damaged: use another copy of it.")
    return key
