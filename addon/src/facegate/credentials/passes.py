"""Judges the codes that cameras read: whatever fails is a refusal with a reason, never an opening."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from facegate.adapters.store.errors import StoreError
from facegate.core.models import Direction, Reason, Template
from facegate.core.pass_rules import Judged
from facegate.core.passes import Code

_LOG = logging.getLogger(__name__)


class Store(Protocol):
    """The part of ``adapters.store.Store`` that judges passes; synchronous, raises StoreError."""

    def use_pass(self, code: Code, gate: str, direction: Direction, *, clock: bool = True) -> Judged:
        """Judge a code, and use it up if it is good."""

    def give_back_pass(self, judged: Judged) -> None:
        """Undo a use for which no gate moved."""

    def open_share(self, code: Code) -> Sequence[Template]:
        """The templates that a share opens together with the store's own half."""


class PassDesk:
    """Called from the cameras' threads.

    Args:
        store: where passes are; it sees to it that each is used once.
        clock: whether this machine's clock may be believed.
    """

    def __init__(self, store: Store, clock: Callable[[], bool]) -> None:
        self._store = store
        self._clock = clock

    def use_pass(self, code: Code, gate: str, direction: Direction) -> Judged:
        """Judge a pass, and use it up if it is good."""
        try:
            return self._store.use_pass(code, gate, direction, clock=self._clock())
        except StoreError as error:
            _LOG.error("A pass at gate %s cannot be judged, and the gate stays closed: %s", gate, error)
            return Judged(Reason.FAULT)

    def give_back_pass(self, judged: Judged) -> None:
        """Undo a use for which no gate moved."""
        try:
            self._store.give_back_pass(judged)
        except StoreError as error:
            _LOG.error("A pass stays used although no gate has moved: %s", error)

    def open_share(self, code: Code) -> Sequence[Template]:
        """The templates that a share opens; none where anything is wrong with it."""
        try:
            return self._store.open_share(code)
        except StoreError as error:
            _LOG.error("A template cannot be opened with the share that was shown: %s", error)
            return ()
