"""Builds and wires everything that runs; start and stop read like a list of what exists."""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from facegate import __version__, vision
from facegate.adapters import local_access
from facegate.adapters.announcer import Announcer
from facegate.adapters.camera import CameraError
from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient, MqttError, Presence
from facegate.adapters.node_voice import NodeReport
from facegate.adapters.state_board import Standing, StateBoard
from facegate.adapters.store import Store, StoreError
from facegate.building import Building
from facegate.commissioning import Commissionings
from facegate.contract.messages import Status, Topics
from facegate.core.gate_condition import GateCondition
from facegate.core.leaving import Terms
from facegate.core.models import Decision, Reason, Verdict
from facegate.core.retention import Retention
from facegate.credentials.cards import Cards
from facegate.credentials.passes import PassDesk
from facegate.housekeeping import Housekeeping
from facegate.journal import Journal
from facegate.opening import Openings, OpenOutcome, OpenRequest
from facegate.orders import Orders
from facegate.pipeline import CameraPipeline
from facegate.residents.application import admit
from facegate.residents.consents import Consents
from facegate.residents.enrolling import Enrolling
from facegate.residents.inviting import Inviting
from facegate.residents.keys import Keys
from facegate.residents.leaving import Departures
from facegate.residents.links import Links
from facegate.residents.looks import Looks
from facegate.residents.paperwork import Paperwork
from facegate.residents.passes import Passes
from facegate.residents.privacy import Privacy
from facegate.residents.rights import Rights
from facegate.residents.snapshots import Snapshots
from facegate.settings import Settings
from facegate.vision.errors import VisionError
from facegate.web import server
from facegate.web.machine import Machine, room
from facegate.web.pairing import Pairing
from facegate.web.previews import Previews
from facegate.web.services import CameraHealth, GateHealth, Health, Services

_LOG = logging.getLogger(__name__)
_NOBODY_PASSED = frozenset({Reason.PERSON_LEFT, Reason.NODE_BUSY, Reason.NODE_SILENT})
"""After these the relay has certainly not moved, so whoever still stands there is decided about anew."""
_WAIT_SECONDS = 0.8  # without an answer of the node, after which whoever stands there is asked to wait
_LOOK_SECONDS = 1.0  # how often the gates' standing is looked at; what has not changed is not published


class StartError(Exception):
    """The service cannot start; the text is one sentence that says what to do."""


type DecisionListener = Callable[[Decision, OpenOutcome | None], None]


@dataclass(frozen=True, slots=True)
class _Parts:
    """Everything that was built, in the order it was built."""

    store: Store
    models: vision.Models
    mqtt: MqttClient
    building: Building
    openings: Openings
    orders: Orders
    journal: Journal
    cards: Cards
    commissionings: Commissionings
    consents: Consents
    enrolling: Enrolling
    departures: Departures
    housekeeping: Housekeeping
    snapshots: Snapshots
    paperwork: Paperwork
    announcer: Announcer
    board: StateBoard


class Service:
    """The recognizer. Belongs to one event loop.

    Args:
        settings: what is fixed while it runs.
        pages: whether pages are served at all; the demo has nobody to serve them to.
        local_pages: whether everybody on this machine may see the pages without Home Assistant.
        loop_clips: whether a camera that is a clip begins again at its end.
        on_decision: called with each decision and, if it was granted, with what came of it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        pages: bool = True,
        local_pages: bool = False,
        loop_clips: bool = False,
        on_decision: DecisionListener | None = None,
    ) -> None:
        self.settings = settings
        self._pages = pages
        self._local_pages = local_pages
        self._loop_clips = loop_clips
        self._on_decision = on_decision
        self._parts: _Parts | None = None
        self._web: server.Running | None = None
        self._look: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start everything. Raises StartError, with everything stopped again."""
        try:
            await self._start()
        except (StoreError, VisionError, MqttError, server.WebError) as error:
            await self.stop()
            raise StartError(str(error)) from error
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        passphrase = self.settings.passphrase or None
        store = await asyncio.to_thread(partial(Store.open, self.settings.data, passphrase=passphrase))
        try:
            self._parts = await self._build(store)
        except BaseException:
            store.close()
            raise
        await asyncio.to_thread(self._parts.paperwork.refresh)
        await self._parts.orders.start()
        await self._parts.mqtt.start()
        await self._parts.building.follow()
        self._parts.cards.start()
        await self._parts.cards.follow()
        self._parts.housekeeping.start()
        await self._serve(self._parts)
        self._look = asyncio.create_task(self._keep_showing(self._parts))
        _LOG.info("FaceGate %s watches %d gates", __version__, len(self._parts.building.plan.gates))

    async def stop(self) -> None:
        """Stop watching, bring openings under way to their end, say goodbye, close the store."""
        local_access.withdraw(self.settings.data)
        if self._look is not None:
            self._look.cancel()
            self._look = None
        if self._web is not None:
            await self._web.close()
            self._web = None
        if self._parts is not None:
            parts, self._parts = self._parts, None
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await parts.enrolling.stop()
            await parts.housekeeping.stop()
            await parts.openings.stop()
            await parts.orders.stop()
            await parts.cards.stop()
            await parts.building.close()
            await parts.journal.settled()
            await parts.mqtt.stop()
            await asyncio.to_thread(parts.store.close)

    @property
    def installation(self) -> str:
        """32 hex digits that name this installation for ever; empty before it has started."""
        return self._parts.store.installation if self._parts else ""

    def health(self) -> Health:
        """How everything does at this moment."""
        if self._parts is None:
            return Health()
        building = self._parts.building
        return Health(
            broker=self._parts.mqtt.connected,
            clock=self._parts.cards.clock_problem,
            gates={standing.gate: self._gate_health(self._parts, standing) for standing in _standings(self._parts)},
            cameras={
                c.camera: CameraHealth(c.condition, c.reason, c.problem, c.notes, c.ms, c.rate, c.prompt)
                for c in building.cameras()
            },
        )

    @staticmethod
    def _gate_health(parts: _Parts, standing: Standing) -> GateHealth:
        gate, link = standing.gate, parts.building.links.get(standing.gate)
        condition = link.condition if link else GateCondition()
        since = time.time() - time.monotonic()  # Unix seconds of monotonic nought, as far as the clock is right

        def unix(at: float | None) -> float | None:
            return None if at is None else round(since + at, 1)

        shown = parts.building.hints.shown(gate)
        return GateHealth(
            prompt=shown.prompt or standing.prompt,
            pattern=shown.pattern,
            camera=standing.camera,
            node=standing.node,
            problems=standing.problems,
            state=condition.state,
            fire=standing.fire,
            tamper=standing.tamper,
            held=standing.held,
            refused=condition.refused,
            lost=condition.lost,
            list_version=condition.list_version,
            allow_list=parts.cards.standing(gate),
            waits=parts.orders.waits(gate),
            free_until=parts.orders.free_until(gate),
            heard_at=unix(link.hello_at) if link else None,
            acked_at=unix(link.ack_at) if link else None,
        )

    async def changed(self) -> None:
        """Take over what was changed in the store."""
        if self._parts is not None:
            await asyncio.to_thread(self._parts.paperwork.refresh)
            await self._parts.building.follow()
            await self._parts.cards.follow()
            self._parts.board.show(_standings(self._parts))

    async def _build(self, store: Store) -> _Parts:
        settings = self.settings
        models = await asyncio.to_thread(vision.load, settings)
        for note in models.notes:
            _LOG.warning("%s", note)
        boot = await asyncio.to_thread(store.next_boot)
        event_key = await asyncio.to_thread(store.event_key)
        topics = Topics(settings.site)
        mqtt = MqttClient(settings.broker, presence=self._presence(store.installation, topics))
        links: dict[str, GateLink] = {}
        announcer = Announcer(mqtt, topics, boot=boot, key=lambda: event_key)
        openings = Openings(store, links, announcer.announce)
        orders = Orders(store, links, self.changed)
        cards = Cards(
            store, links, announce=announcer.announce, changed=self.changed, vouched=settings.trust_clock,
            shown=lambda gate, side, factor: building.show_factor(gate, side, factor),  # noqa: PLW0108  # it is built later
        )  # fmt: skip
        journal = Journal(store, announcer.announce, cards.readers.decided)
        commissionings = Commissionings(store, links, openings, orders, settings.site)

        def heard(report: NodeReport) -> None:
            journal.hear(report)
            commissionings.hear(report)

        building = Building(
            store, mqtt, topics, models, links,
            decided=self._decided, heard=heard, lost=journal.lose, recorded=journal.settled, greeted=orders.hear,
            loop_clips=self._loop_clips, decoding=settings.decoding,
            desk=PassDesk(store, lambda: not cards.clock_problem),
        )  # fmt: skip
        consents = Consents(store)
        enrolling = Enrolling(store, lambda: models, consents, building.eye, self.changed)
        board = StateBoard(mqtt, topics, boot, lambda: event_key)
        loop = asyncio.get_running_loop()
        departures = Departures(
            store, Terms(settings.erase_after_days, settings.erase_absent_days),
            now=lambda: housekeeping.now,
            paused=lambda: housekeeping.doubts_clock,
            gone=lambda: asyncio.run_coroutine_threadsafe(self.changed(), loop),
        )  # fmt: skip
        housekeeping = Housekeeping(store, _retention(settings), leave=departures.sweep)
        paperwork = Paperwork(
            store, settings.site, housekeeping.retention, Terms(settings.erase_after_days, settings.erase_absent_days),
            (settings.detector, settings.embedder, *((vision.LIVENESS_MODEL,) if models.antispoof else ())),
        )  # fmt: skip
        return _Parts(
            store, models, mqtt, building, openings, orders, journal, cards, commissionings, consents, enrolling,
            departures, housekeeping, Snapshots(store, partial(_jpeg, building)), paperwork,
            announcer, board,
        )  # fmt: skip

    async def _serve(self, parts: _Parts) -> None:
        token = secrets.token_urlsafe(32)
        links = Links(parts.store, self._residents_address())
        services = Services(
            store=parts.store,
            pairing=Pairing(),
            site=self.settings.site,
            api=self._api_address(),
            event_key=await asyncio.to_thread(parts.store.event_key),
            health=self.health,
            openings=parts.openings,
            orders=parts.orders,
            lessons=parts.cards.lessons,
            commissionings=parts.commissionings,
            change_key=parts.building.change_key,
            broker=self.settings.broker,
            press=parts.building.press,
            person=parts.announcer.person,
            admit=partial(admit, parts.store, parts.models),
            changed=self.changed,
            consents=parts.consents,
            enrolling=parts.enrolling,
            departures=parts.departures,
            links=links,
            inviting=Inviting(parts.store, lambda: parts.models, parts.enrolling, links, self.changed),
            rights=Rights(parts.store, parts.openings, self.changed),
            previews=Previews(parts.building.look),
            paperwork=parts.paperwork,
            machine=partial(self._machine, parts),
            passes=Passes(parts.store),
            keys=Keys(parts.store, self.settings.embedder),
            snapshots=parts.snapshots,
            looks=Looks(parts.store),
            privacy=Privacy(parts.store, parts.housekeeping.retention, lambda: parts.housekeeping.doubts_clock),
            confirm_clock=parts.housekeeping.confirm_clock,
            local_token=token,
        )
        allowed = server.SUPERVISOR | (server.LOOPBACK if self._local_pages else frozenset())
        allowed = allowed if self._pages else frozenset()
        self._web = await server.start(services, self.settings, ingress_from=allowed, by_password=self._local_pages)
        url = f"http://127.0.0.1:{self._web.api_port}"
        await asyncio.to_thread(local_access.offer, self.settings.data, local_access.LocalAccess(url, token))

    def _machine(self, parts: _Parts) -> Machine:
        """How the box itself does; looks at the disk."""
        models, settings = parts.models, self.settings
        free, database = room(settings.data)
        return Machine(
            models={
                "detector": settings.detector,
                "embedder": models.embedder.model,
                "liveness": vision.LIVENESS_MODEL,
            },
            fallback=models.fallback or "",
            liveness=models.antispoof is not None,
            at_once=models.at_once,
            round=parts.housekeeping.last,
            doubts_clock=parts.housekeeping.doubts_clock,
            free=free,
            database=database,
        )

    def _presence(self, installation: str, topics: Topics) -> Presence:
        def status(*, online: bool) -> bytes:
            return Status(installation, __version__, self._api_address(), online).encode()

        return Presence(topics.status, online=status(online=True), offline=status(online=False))

    def _api_address(self) -> str:
        """Where Home Assistant reaches the API: as the owner says, else by this machine's own name."""
        return self.settings.api_url or f"http://{socket.gethostname()}:{self.settings.api_port}"

    def _residents_address(self) -> str:
        """Where residents' phones reach their pages: as the owner says, else by this machine's own name."""
        scheme = "https" if self.settings.residents_certificate else "http"
        return self.settings.residents_url or f"{scheme}://{socket.gethostname()}:{self.settings.residents_port}"

    async def _keep_showing(self, parts: _Parts) -> None:
        while True:
            parts.board.show(_standings(parts))
            parts.snapshots.forget_old()
            await asyncio.sleep(_LOOK_SECONDS)

    # What was decided is acted on here, on the event loop

    def _decided(self, pipeline: CameraPipeline, decision: Decision) -> None:
        task = asyncio.get_running_loop().create_task(self._act(pipeline, decision))
        self._tasks.add(task)
        task.add_done_callback(self._acted)

    async def _act(self, pipeline: CameraPipeline, decision: Decision) -> None:
        if self._parts is None:
            return
        outcome, hints = None, self._parts.building.hints
        if decision.verdict is Verdict.GRANTED:
            request = OpenRequest.of(decision, lambda: pipeline.still_there(decision.track, time.monotonic()))
            outcome = await self._open(self._parts, request)
            if outcome.reason in _NOBODY_PASSED:
                pipeline.shut_out(decision.track, decision.resident)
        else:
            hints.decided(decision.gate, decision.verdict, decision.reason, decision.advice)
            await self._parts.openings.deny(decision)
            await asyncio.to_thread(_keep_picture, self._parts.snapshots, decision)
        if self._on_decision is not None:
            self._on_decision(decision, outcome)

    async def _open(self, parts: _Parts, request: OpenRequest) -> OpenOutcome:
        """Open, and say at the gate what comes of it, or that it takes a while."""
        hints = parts.building.hints
        loop = asyncio.get_running_loop()
        late = loop.call_later(_WAIT_SECONDS, hints.decided, request.gate, Verdict.DENIED, Reason.NODE_BUSY)
        try:
            outcome = await parts.openings.open(request)
        finally:
            late.cancel()
        verdict = Verdict.GRANTED if outcome.opened else Verdict.DENIED
        hints.decided(request.gate, verdict, outcome.reason)
        return outcome

    def _acted(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.critical("A decision could not be carried out; the gate stays closed.", exc_info=error)


def _retention(settings: Settings) -> Retention:
    days = settings.keep_passages_days
    return Retention(days, min(days, settings.pseudonymise_after_days), settings.keep_acts_years)


def _jpeg(building: Building, camera: str) -> bytes | None:
    """What a camera sees now, as it may be shown."""
    seen = building.look(camera)
    return None if seen is None else seen.jpeg


def _keep_picture(snapshots: Snapshots, decision: Decision) -> None:
    """Keep a picture of who was refused, where the owner wants that; a gate works without."""
    try:
        snapshots.refused(decision)
    except (StoreError, CameraError, VisionError) as error:
        _LOG.warning("No picture is kept of somebody who was refused: %s", error)


def _standings(parts: _Parts) -> list[Standing]:
    """How the gates stand, with what is wrong about their lists."""
    shown = []
    outdated = ("assessment_outdated",) if parts.paperwork.changes else ()
    for standing in parts.building.standings():
        own = parts.cards.standing(standing.gate)
        shown.append(
            replace(
                standing,
                problems=tuple(sorted({*standing.problems, *own.problems, *outdated})),
                list_state=own.state,
                list_version=own.version,
                list_expires=own.expires,
            )
        )
    return shown
