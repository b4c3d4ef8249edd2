"""Passes of residents and guests: made, shown once, listed, revoked; each step is written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from facegate.adapters.store.passes import MadePass
from facegate.core.audit import Act, KeepsActs
from facegate.core.models import Direction
from facegate.core.pass_rules import Judged
from facegate.core.passes import Code, Kind, Pass


class Store(KeepsActs, Protocol):
    """The part of ``adapters.store.Store`` that passes use; synchronous, raises StoreError."""

    def make_rotating_pass(self, resident: str) -> Pass:
        """Make the pass of a resident's own phone; the one before is revoked."""

    def make_fixed_pass(self, wanted: Pass) -> MadePass:
        """Make a pass for whoever bears it."""

    def passes(self, resident: str | None = None) -> Sequence[Pass]:
        """All passes, or those of one resident and their guests."""

    def revoke_pass(self, name: str, resident: str | None = None) -> None:
        """Let a pass open nothing from this moment on."""

    def pass_codes(self, name: str, resident: str, count: int) -> Sequence[tuple[int, str]]:
        """The codes of a rotating pass from now on, each with its step."""

    def use_pass(self, code: Code, gate: str, direction: Direction, *, clock: bool = True, use: bool = True) -> Judged:
        """Judge a code."""


@dataclass(frozen=True, slots=True)
class PhonePass:
    """What a resident's phone needs to show its pass for some minutes without a network: the next codes by step."""

    id: str
    codes: Sequence[tuple[int, str]]


class Passes:
    """Synchronous and thread-safe, as the store is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, resident: str | None = None) -> Sequence[Pass]:
        """All passes, newest first, or those of one resident and their guests."""
        return self._store.passes(resident)

    def make(self, wanted: Pass, actor: str) -> MadePass:
        """Make a fixed pass. Raises NotFoundError, FullError, StoreError."""
        made = self._store.make_fixed_pass(wanted)
        self._store.record_act(actor, Act.PASS_MADE, resident=wanted.resident or None)
        return made

    def revoke(self, name: str, actor: str, resident: str | None = None) -> None:
        """Let a pass open nothing from now on. Raises NotFoundError unless it is that resident's, if one is given."""
        whose = next((known.resident for known in self._store.passes(resident) if known.id == name), "")
        self._store.revoke_pass(name, resident)
        self._store.record_act(actor, Act.PASS_REVOKED, resident=whose or None)

    def on_phone(self, resident: str, actor: str, count: int, *, anew: bool = False) -> PhonePass:
        """The codes of the pass on a resident's phone; one is made if there is none, or if it shall be another."""
        standing = [known for known in self._store.passes(resident) if _is_phones(known)]
        if anew or not standing:
            bearer = self._store.make_rotating_pass(resident)
            self._store.record_act(actor, Act.PASS_MADE, resident=resident)
        else:
            bearer = standing[0]
        return PhonePass(bearer.id, self._store.pass_codes(bearer.id, resident, count))

    def check(self, code: Code, gate: str, direction: Direction) -> Judged:
        """Whether a pass would open now; it is not used by that, and whoever asks learns nothing else."""
        return self._store.use_pass(code, gate, direction, use=False)


def _is_phones(known: Pass) -> bool:
    return known.kind is Kind.ROTATING and known.revoked_at is None
