"""Changing a gate's key while its node runs: told under the old key, proved under the new one, never locked out.

The next key is written down before the node hears of it. The node keeps both until the first line under the new one;
so does the recognizer until the first line of the node under it. A change that a crash or a silent node has cut short
goes on with the node's next hello, whichever key that is signed with; docs/protocol.md, section 7.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Literal, Protocol

from facegate.adapters.gate import GateLink
from facegate.adapters.listeners import Cancel
from facegate.adapters.store.errors import StoreError
from facegate.adapters.store.nodes import KeyChange
from facegate.contract.lines import Hello
from facegate.contract.verbs import Hint, RotateKey

_LOG = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 5.0  # between two tries of a change that nobody waits for: one a hello
_HARMLESS: Final = Hint("wait", 1)  # something to sign: it moves nothing, and nobody sees a lamp for a millisecond


class SlotInUseError(Exception):
    """Another recognizer would be shut out by a new key."""


type Outcome = Literal["changed", "pending"]
"""``pending``: written down, and gone on with as soon as the node answers."""


class Keys(Protocol):
    """The part of ``adapters.store.Store`` that a change uses."""

    def begin_key_change(self, gate: str) -> KeyChange:
        """Write down which key is next."""

    def key_change(self, gate: str) -> KeyChange | None:
        """The change that is under way."""

    def finish_key_change(self, gate: str) -> None:
        """The next key takes the place of the present one."""


class KeyChanger:
    """The changes of one gate's key. Belongs to the event loop of its link.

    ``changed`` is called with the new key once it is the only one.
    """

    def __init__(
        self,
        link: GateLink,
        store: Keys,
        changed: Callable[[bytes], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._store = store
        self._changed = changed
        self._clock = clock
        self._change: KeyChange | None = None
        self._running: asyncio.Task[Outcome] | None = None
        self._finishing: asyncio.Task[None] | None = None
        self._tried_at = 0.0
        self._cancel: Cancel | None = None

    async def start(self) -> None:
        """Go on with what an earlier run has left; to be called before the link hears its first line."""
        self._expect(await asyncio.to_thread(self._store.key_change, self._link.gate))
        self._cancel = self._link.on_hello(self._on_hello)

    async def stop(self) -> None:
        """Let go of the link; what is under way goes on at the next start."""
        if self._cancel is not None:
            self._cancel()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._finishing is not None:
            await self._finishing

    async def change(self) -> Outcome:
        """Give the node the next key, and return whether it has gone over by now.

        Raises SlotInUseError where another recognizer commands this node, which would not know the next key.
        """
        if self._change is None:
            if self._link.other_slots:
                slots = ", ".join(map(str, self._link.other_slots))
                raise SlotInUseError(
                    f"Another recognizer commands gate '{self._link.gate}' in slot {slots}, and a new key would shut "
                    "it out: switch it off, change the key an hour after that, and give it the new key of its slot."
                )
            self._expect(await asyncio.to_thread(self._store.begin_key_change, self._link.gate))
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())
        return await asyncio.shield(self._running)

    def _expect(self, change: KeyChange | None) -> None:
        self._change = change
        if change is not None:
            self._link.expect_key(change.next_key, self._went_over)

    def _on_hello(self, _hello: Hello) -> None:
        waited = self._clock() - self._tried_at >= AGAIN_SECONDS
        if self._change is not None and self._running is None and self._finishing is None and waited:
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> Outcome:
        self._tried_at = self._clock()
        try:
            change = self._change
            if change is not None and self._finishing is None:
                told = await self._link.ask(RotateKey(change.nonce))
                if told.done:
                    # The node has both now. Whatever is signed next, this or an opening, ends the old one.
                    self._link.sign_under(change.next_key)
                    await self._link.ask(_HARMLESS)
                elif told.result == "node_refused":
                    _LOG.error("Gate %s's node does not take a new key (%s): look at it.", self._link.gate, told.detail)
            if self._finishing is not None:
                await self._finishing
            return "pending" if self._change is not None else "changed"
        finally:
            self._running = None

    def _went_over(self) -> None:
        if self._change is not None and self._finishing is None:
            self._finishing = asyncio.get_running_loop().create_task(self._finish(self._change))

    async def _finish(self, change: KeyChange) -> None:
        try:
            await asyncio.to_thread(self._store.finish_key_change, self._link.gate)
        except StoreError as error:
            # The link has the new key; the store goes on from where it is at the next start.
            _LOG.error("The new key of gate %s cannot be stored: %s", self._link.gate, error)
        else:
            self._changed(change.next_key)
            _LOG.info("Gate %s and its node have a new key; the one before is erased.", self._link.gate)
        finally:
            self._change = None
            self._finishing = None
