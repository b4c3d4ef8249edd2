"""The installer's walk through a gate, run: events of the node go in, commands to it come out, the sheet is kept.

The command line and the pages drive the same walk through the API. What it asks and when it is satisfied stands in
``core.commissioning``; nothing opens here but through ``opening``, with a record.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from facegate.adapters.gate import GateLink
from facegate.adapters.node_voice import NodeReport
from facegate.contract.verbs import Hint
from facegate.core.commissioning import OFFLINE, Walk, WalkError
from facegate.core.commissioning_sheet import UNNAMED, Attestation, Sheet, missing
from facegate.core.commissioning_steps import Command
from facegate.core.models import Direction, Gate
from facegate.core.node_file import NodeSetup
from facegate.opening import OpenOutcome, OpenRequest
from facegate.orders import OrderOutcome


class Store(Protocol):
    """The part of ``adapters.store.Store`` that a walk uses; synchronous, raises StoreError."""

    def gate(self, gate: str) -> Gate:
        """One gate."""

    def node_setup(self, gate: str) -> NodeSetup | None:
        """What its node is made of."""

    def record_commissioning(self, sheet: Sheet) -> None:
        """Keep a sheet."""


class Openings(Protocol):
    """The part of ``opening.Openings`` that a walk uses."""

    async def open(self, request: OpenRequest) -> OpenOutcome:
        """Open, or say why not."""


class Orders(Protocol):
    """The part of ``orders.Orders`` that a walk uses."""

    async def reset_fire(self, gate: str, actor: str) -> OrderOutcome:
        """End what a fire has released."""


class Commissionings:
    """The walks that are under way, one a gate. Belongs to one event loop; a restart ends them.

    Args:
        store: knows the gates and keeps the sheets.
        links: the ways to the nodes.
        openings: opens for a trial.
        orders: resets a fire.
        site: named on the sheet.
        clock: monotonic seconds; unix: the wall clock.
    """

    def __init__(
        self,
        store: Store,
        links: Mapping[str, GateLink],
        openings: Openings,
        orders: Orders,
        site: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._links = links
        self._openings = openings
        self._orders = orders
        self._site = site
        self._clock = clock
        self._unix = unix
        self._walks: dict[str, Walk] = {}

    async def begin(self, gate: str) -> Walk:
        """Begin a walk anew; raises WalkError for a trial gate."""
        known = await asyncio.to_thread(self._store.gate, gate)
        if known.trial:
            raise WalkError(f"Gate '{gate}' is a trial gate and moves no door: there is nothing to test at it.")
        setup = await asyncio.to_thread(self._store.node_setup, gate)
        self._walks[gate] = Walk(setup or UNNAMED, self._clock)
        return self._walks[gate]

    def walk(self, gate: str) -> Walk | None:
        """The walk that is under way."""
        found = self._walks.get(gate)
        if found is not None:
            found.tick()
        return found

    async def step(self, gate: str, name: str, actor: str) -> Walk:
        """Begin a step, for the first time or again, and do what it asks of the recognizer."""
        walk = self._under_way(gate)
        link = self._links.get(gate)
        command = walk.begin(name)
        if link is None or link.state != "online":
            walk.commanded(name, done=False, why=OFFLINE)
        elif command:
            done, why = await self._carry_out(command, gate, link, actor)
            walk.commanded(name, done=done, why=why)
        return walk

    def answer(self, gate: str, name: str, *, yes: bool) -> Walk:
        """Take what the person says to the question of a step."""
        walk = self._under_way(gate)
        walk.answer(name, yes=yes)
        return walk

    def skip(self, gate: str, name: str, reason: str) -> Walk:
        """Leave a step out, and say why."""
        walk = self._under_way(gate)
        walk.skip(name, reason)
        return walk

    def drop(self, gate: str) -> None:
        """End a walk without a sheet."""
        self._walks.pop(gate, None)

    async def finish(self, gate: str, attestation: Attestation) -> Sheet:
        """Write the sheet of the walk, and keep it: from now on it decides whether the gate may be used."""
        walk = self._under_way(gate)
        link = self._links.get(gate)
        hello = link.hello if link is not None else None
        named = await asyncio.to_thread(self._store.gate, gate)
        sheet = Sheet(
            gate=gate,
            name=named.name,
            site=self._site,
            at=self._unix(),
            setup=walk.setup,
            node_boot=hello.boot if hello is not None else None,
            results=tuple(walk.results.items()),
            attestation=attestation,
        )
        sheet = replace(sheet, missing=missing(walk.setup, walk.results, attestation))
        await asyncio.to_thread(self._store.record_commissioning, sheet)
        self.drop(gate)
        return sheet

    def hear(self, report: NodeReport) -> None:
        """Take an event of a node; what happened some time ago shows nothing of now."""
        walk = self._walks.get(report.gate)
        if walk is not None and not report.history:
            walk.hear(report.event.type, report.event.subject, report.event.value)

    def _under_way(self, gate: str) -> Walk:
        walk = self.walk(gate)
        if walk is None:
            raise WalkError(f"No walk through gate '{gate}' is under way: begin one.")
        return walk

    async def _carry_out(self, command: Command, gate: str, link: GateLink, actor: str) -> tuple[bool, str]:
        match command:
            case "open_1" | "open_2":
                direction = Direction.ENTRY if command == "open_1" else Direction.EXIT
                request = OpenRequest.remote(gate, direction, secrets.token_hex(8), self._clock())
                outcome = await self._openings.open(replace(request, trial=True, actor=actor))
                return outcome.opened, outcome.result
            case "granted" | "denied":
                asked = await link.ask(Hint(command))
                return asked.done, asked.result
            case "reset":
                reset = await self._orders.reset_fire(gate, actor)
                return reset.done, reset.result
            case _:
                return True, ""
