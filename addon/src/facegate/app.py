"""Builds and wires everything that runs; start and stop read like a list of what exists."""

import asyncio
import logging
import secrets
import socket
from dataclasses import dataclass
from functools import partial

from facegate import __version__, vision
from facegate.acting import Acting, DecisionListener
from facegate.adapters import local_access
from facegate.adapters.announcer import Announcer
from facegate.adapters.broker_safety import BrokerWatch
from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient, MqttError, Presence
from facegate.adapters.node_voice import NodeReport
from facegate.adapters.state_board import StateBoard
from facegate.adapters.store import Store, StoreError
from facegate.building import Building
from facegate.commissioning import Commissionings
from facegate.contract.messages import Status, Topics
from facegate.core.leaving import Terms
from facegate.core.retention import Retention
from facegate.counting import Counting
from facegate.credentials.cards import Cards
from facegate.credentials.passes import PassDesk
from facegate.housekeeping import Housekeeping
from facegate.journal import Journal
from facegate.opening import Openings
from facegate.orders import Orders
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
from facegate.residents.persons import Persons
from facegate.residents.privacy import Privacy
from facegate.residents.rights import Rights
from facegate.residents.snapshots import Snapshots
from facegate.settings import Settings
from facegate.standings import Standings
from facegate.trial_nodes import TrialNodes
from facegate.vision.errors import VisionError
from facegate.web import server
from facegate.web.pairing import Pairing
from facegate.web.previews import Previews
from facegate.web.residents import today
from facegate.web.services import Health, Services

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0  # how often the gates' standing is looked at; what has not changed is not published


class StartError(Exception):
    """The service cannot start; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """Everything that was built, in the order it was built."""

    store: Store
    models: vision.Models
    mqtt: MqttClient
    building: Building
    openings: Openings
    acting: Acting
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
    counting: Counting
    standings: Standings
    board: StateBoard
    broker_watch: BrokerWatch
    trial_nodes: TrialNodes | None

    async def follow(self) -> None:
        """Bring everything at the gates in step with the store."""
        await self.building.follow()
        self.counting.follow(self.building.plan.gates)
        if self.trial_nodes is not None:
            await self.trial_nodes.follow(self.building.plan.gates, self.building.plan.keys)


class Service:
    """The recognizer. Belongs to one event loop.

    Args:
        settings: what is fixed while it runs.
        pages: whether pages are served at all; the demo has nobody to serve them to.
        local_pages: whether everybody on this machine may see the pages without Home Assistant.
        loop_clips: whether a camera that is a clip begins again at its end.
        trial_nodes: whether the nodes of trial gates run here; the demo brings its own.
        on_decision: called with each decision and, if it was granted, with what came of it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        pages: bool = True,
        local_pages: bool = False,
        loop_clips: bool = False,
        trial_nodes: bool = True,
        on_decision: DecisionListener | None = None,
    ) -> None:
        self.settings = settings
        self._pages = pages
        self._local_pages = local_pages
        self._loop_clips = loop_clips
        self._trial_nodes = trial_nodes
        self._on_decision = on_decision
        self._parts: _Parts | None = None
        self._web: server.Running | None = None
        self._look: asyncio.Task[None] | None = None

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
        await self._parts.counting.start()
        await self._parts.mqtt.start()
        await self._parts.follow()
        self._parts.cards.start()
        await self._parts.cards.follow()
        self._parts.housekeeping.start()
        self._parts.broker_watch.start()
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
            await parts.broker_watch.stop()
            await parts.acting.stop()
            await parts.enrolling.stop()
            await parts.housekeeping.stop()
            await parts.openings.stop()
            await parts.orders.stop()
            await parts.cards.stop()
            await parts.building.close()
            if parts.trial_nodes is not None:
                await parts.trial_nodes.stop()
            await parts.journal.settled()
            await parts.counting.settled()
            await parts.mqtt.stop()
            await asyncio.to_thread(parts.store.close)

    @property
    def installation(self) -> str:
        """32 hex digits that name this installation for ever; empty before it has started."""
        return self._parts.store.installation if self._parts else ""

    def health(self) -> Health:
        """How everything does at this moment."""
        return self._parts.standings.health() if self._parts else Health()

    async def changed(self) -> None:
        """Take over what was changed in the store."""
        if self._parts is not None:
            await asyncio.to_thread(self._parts.paperwork.refresh)
            await self._parts.follow()
            await self._parts.cards.follow()
            self._parts.board.show(self._parts.standings.gates())

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
        snapshots = Snapshots(store, lambda camera: building.picture(camera))  # noqa: PLW0108  # it is built later
        acting = Acting(openings, snapshots, lambda: building.hints, self._on_decision)
        orders = Orders(store, links, self.changed)
        cards = Cards(
            store, links, announce=announcer.announce, changed=self.changed, vouched=settings.trust_clock,
            shown=lambda gate, side, factor: building.show_factor(gate, side, factor),  # noqa: PLW0108  # it is built later
        )  # fmt: skip
        journal = Journal(store, announcer.announce, cards.readers.decided)
        counting = Counting(store)
        commissionings = Commissionings(store, links, openings, orders, settings.site)

        def heard(report: NodeReport) -> None:
            journal.hear(report)
            counting.hear(report)
            commissionings.hear(report)

        building = Building(
            store, mqtt, topics, models, links,
            decided=acting.decided, heard=heard, lost=journal.lose, recorded=journal.settled, greeted=orders.hear,
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
        standings = Standings(settings, models, mqtt, building, orders, cards, paperwork, housekeeping, counting)
        return _Parts(
            store, models, mqtt, building, openings, acting, orders, journal, cards, commissionings, consents,
            enrolling, departures, housekeeping, snapshots, paperwork, announcer, counting, standings, board,
            BrokerWatch(settings.broker), TrialNodes(store, settings.broker, topics) if self._trial_nodes else None,
        )  # fmt: skip

    async def _serve(self, parts: _Parts) -> None:
        token = secrets.token_urlsafe(32)
        named = bool(self.settings.residents_url) and not self.settings.residents_url_guessed
        links = Links(parts.store, self._residents_address(), fixed=named)
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
            broker_watch=parts.broker_watch,
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
            machine=parts.standings.machine,
            passes=Passes(parts.store),
            persons=Persons(parts.store, links, lambda: today(parts.store.trusted_time())),
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
            parts.board.show(parts.standings.gates())
            parts.snapshots.forget_old()
            await asyncio.sleep(_LOOK_SECONDS)


def _retention(settings: Settings) -> Retention:
    days = settings.keep_passages_days
    return Retention(days, min(days, settings.pseudonymise_after_days), settings.keep_acts_years)
