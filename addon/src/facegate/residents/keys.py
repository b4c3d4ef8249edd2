"""The keys as owners live with them: how they stand, a passphrase, new ones, an export for the day of a disaster."""

from pathlib import Path
from typing import Any, Final, Protocol

from facegate.adapters.store import Imported, KeyStanding
from facegate.core.audit import Act, KeepsActs

MOST_EXPORTED: Final = 16 * 2**20
"""Bytes of an export: a hundred times those of a large house."""


class ExportError(ValueError):
    """A file of exported keys that cannot be read; the text is one sentence that says what to do."""


class Store(KeepsActs, Protocol):
    """The part of ``adapters.store.Store`` that keys use; synchronous, raises StoreError."""

    def key_standing(self) -> KeyStanding:
        """How the keys stand."""

    def templates_of_other_models(self, model: str) -> dict[str, list[str]]:
        """Who has to be enrolled again for a model, with the models that they have."""

    def set_passphrase(self, passphrase: str | None) -> None:
        """Put the site key under a passphrase, or under none."""

    def change_site_key(self) -> int:
        """Put everything under a new site key."""

    def renew_templates(self) -> int:
        """Turn all templates by a new secret."""

    def export_keys(self, passphrase: str) -> bytes:
        """Every key, locked under a passphrase."""

    def import_keys(self, exported: bytes, passphrase: str) -> Imported:
        """Put back keys that are missing."""


class Keys:
    """Synchronous and thread-safe, as the store is. Every change is written down with who made it.

    Args:
        store: where the keys are.
        model: the one that faces are embedded with now.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._model = model

    def standing(self) -> dict[str, Any]:
        """How the keys stand, and who must be enrolled again because their templates are another model's."""
        standing = self._store.key_standing()
        outdated = self._store.templates_of_other_models(self._model)
        return {
            "locked": standing.locked,
            "counts": {str(kind): count for kind, count in standing.counts.items()},
            "rotation": standing.rotation,
            "model": self._model,
            "models": dict(standing.models),
            "outdated": [{"resident": resident, "models": models} for resident, models in outdated.items()],
        }

    def set_passphrase(self, actor: str, passphrase: str | None) -> None:
        """Put the site key under a passphrase that every start will ask for, or under none."""
        self._store.set_passphrase(passphrase)
        self._store.record_act(actor, Act.REKEYED, reason="passphrase set" if passphrase else "passphrase removed")

    def change_site_key(self, actor: str) -> int:
        """Put everything under a new site key and return how many keys were wrapped anew."""
        count = self._store.change_site_key()
        self._store.record_act(actor, Act.REKEYED, reason="new site key", many=count)
        return count

    def renew_templates(self, actor: str) -> int:
        """Turn all templates by a new secret, without anybody enrolling again, and return how many there are."""
        count = self._store.renew_templates()
        self._store.record_act(actor, Act.REKEYED, reason="templates renewed", many=count)
        return count

    def export(self, actor: str, passphrase: str) -> bytes:
        """Return every key locked under a passphrase, which stands in no log and cannot be found again."""
        exported = self._store.export_keys(passphrase)
        self._store.record_act(actor, Act.REKEYED, reason="keys exported")
        return exported

    def import_from(self, actor: str, exported: bytes, passphrase: str) -> Imported:
        """Put back keys that are missing; whoever is erased stays erased."""
        done = self._store.import_keys(exported, passphrase)
        self._store.record_act(actor, Act.REKEYED, reason="keys imported", many=done.brought)
        return done


def read_export(path: Path) -> bytes:
    """Return a file of exported keys; raises ExportError."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_EXPORTED + 1)
    except OSError as error:
        raise ExportError(f"{path} cannot be read ({error.strerror or error}): name the file of the export.") from error
    if len(content) > MOST_EXPORTED:
        raise ExportError(f"{path} is too large to be an export of keys: name the file that 'keys export' has written.")
    return content
