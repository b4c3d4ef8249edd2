"""Keeps every gate's node supplied with the list of its cards and PINs, and with the time.

A list is sent anew when its content changes, when the node's hello tells of an older one, and a week after the last.
Versions only grow, over restarts and over a database that was put back as well. A gate whose cameras ask for two
factors gets an empty list, which its node refuses: it decides nothing by itself. Before a gate may be used, nobody is
on its list.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from facegate.adapters import wall_clock
from facegate.adapters.gate import OpenResult
from facegate.adapters.listeners import Cancel
from facegate.adapters.node_voice import NodeReport, NodeState
from facegate.adapters.store.credentials import GateList
from facegate.adapters.store.errors import StoreError
from facegate.contract.lines import Hello
from facegate.contract.verbs import ENTRIES_MAX, Request, Time, chunks, digest_key
from facegate.core.allow_list import LASTS, RENEWED, AllowList, Marked, allow_list
from facegate.core.clock_trust import JUMP_SECONDS, ClockTrust, time_line
from facegate.core.commissioning_sheet import Sheet, may_be_used
from facegate.core.models import Camera, Gate, LivenessLevel, Resident
from facegate.core.node_file import NodeSetup

_LOG = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0  # how soon a validity that ends is off the list; the node itself keeps to it by the second
CLOCK_SECONDS: Final = 1.0  # how soon a jump of the clock is seen
TIME_SECONDS: Final = 3600.0  # in which a node's crystal drifts by a fraction of a second
WAITS_SECONDS: Final = 60.0  # a change that has not reached its node after that is said to be waiting
_TRIES: Final = 3  # from the first chunk on, before the next hello is awaited
_TWO_FACTOR: Final = "mode two_factor"


class Store(Protocol):
    """The part of ``adapters.store.Store`` that lists are made from; synchronous, raises StoreError."""

    def residents(self) -> Sequence[Resident]:
        """Everybody who is not erased."""

    def cameras(self, gate: str | None = None) -> Sequence[Camera]:
        """All cameras."""

    def gate(self, gate: str) -> Gate:
        """One gate."""

    def node_setup(self, gate: str) -> NodeSetup | None:
        """What its node is made of."""

    def commissioning(self, gate: str) -> Sheet | None:
        """The last sheet of its commissioning."""

    def marked(self, gate: str) -> Sequence[Marked]:
        """Every credential with its digests at one gate."""

    def gate_key(self, gate: str) -> bytes:
        """The gate's key."""

    def gate_list(self, gate: str) -> GateList | None:
        """The last list that was made for this gate."""

    def save_gate_list(self, made: GateList) -> None:
        """Keep what is about to be sent, or that it is in force now."""


class Link(Protocol):
    """The part of ``adapters.gate.GateLink`` that is used here."""

    @property
    def state(self) -> NodeState:
        """Whether the node is there."""

    @property
    def hello(self) -> Hello | None:
        """What it has said of itself last."""

    def on_hello(self, listener: Callable[[Hello], None]) -> Cancel:
        """Call ``listener`` with each hello."""

    def on_event(self, listener: Callable[[NodeReport], None]) -> Cancel:
        """Call ``listener`` with each event."""

    async def ask(
        self, request: Request, opening: str | None = None, lasts: Callable[[], bool] = lambda: True
    ) -> OpenResult:
        """Ask the node for something."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the time comes from; ``vouched``: the owner says that the clock is right whatever the system says."""

    unix: Callable[[], float] = wall_clock.unix
    running: Callable[[], float] = wall_clock.running
    synchronised: Callable[[], bool] = wall_clock.is_synchronised
    offset_minutes: Callable[[int], int] = wall_clock.offset_minutes
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class ListStanding:
    """How the list of one gate does.

    ``state``: ``none`` (there is nothing to send), ``waiting``, ``sending``, ``in_force``, ``refused`` or
    ``two_factor``. ``version`` is what the node has in force, ``expires`` its end in Unix seconds or 0; ``entries``,
    ``left_out`` and ``stale`` are of the list that it should have. ``detail``: the node's words of a refusal.
    """

    state: str = "none"
    version: int = 0
    expires: int = 0
    entries: int = 0
    capacity: int = ENTRIES_MAX
    left_out: int = 0
    stale: int = 0
    sent: int = 0
    chunks: int = 0
    detail: str = ""
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gate:
    """What is remembered of one gate while its link stands. ``committed``: (boot, version) that its node has taken."""

    link: Link
    key: bytes
    made: GateList | None
    marked: tuple[Marked, ...] = ()
    wanted: AllowList = field(default_factory=AllowList)
    two_factor: bool = False
    in_use: bool = True
    standing: ListStanding = field(default_factory=ListStanding)
    committed: tuple[int, int] = (0, 0)
    refused_boot: int = 0
    waits_since: float | None = None
    told: tuple[int, float, Time] | None = None
    change: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    cancels: tuple[Cancel, ...] = ()


class GateLists:
    """Belongs to one event loop. ``on_event`` is called with each event of every node that is served.

    Args:
        store: what the lists are made from.
        links: the ways to the nodes by gate; may change, :meth:`follow` looks.
        clock: where the time comes from.
    """

    def __init__(self, store: Store, links: Mapping[str, Link], clock: Clock | None = None) -> None:
        self._store = store
        self._links = links
        self.clock = clock or Clock()
        self.on_event: Callable[[NodeReport], None] = lambda _: None
        self._gates: dict[str, _Gate] = {}
        self._residents: dict[str, Resident] = {}
        self._trust = ClockTrust()
        self._watch: asyncio.Task[None] | None = None
        self._following = asyncio.Lock()

    @property
    def clock_problem(self) -> str:
        """Why the gates are told no time, empty if they are; one of ``core.clock_trust.PROBLEMS``."""
        return self._trust.problem

    @property
    def trust(self) -> ClockTrust:
        """What is known of the wall clock."""
        return self._trust

    def start(self) -> None:
        """Begin to watch the clock."""
        self.look_at_clock()
        self._watch = asyncio.get_running_loop().create_task(self._watch_clock())

    async def stop(self) -> None:
        """Send nothing any more."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        async with self._following:
            for gate in list(self._gates):
                await self._leave(gate)

    async def follow(self) -> None:
        """Take over what was changed in the store and among the links; what follows is sent soon after."""
        async with self._following:
            for gate in list(self._gates):
                if self._links.get(gate) is not self._gates[gate].link:
                    await self._leave(gate)
            try:
                await self._read()
            except StoreError as error:
                _LOG.error("The lists of the gates stay as they are: %s", error)

    def standing(self, gate: str) -> ListStanding:
        """How the list of a gate does."""
        known = self._gates.get(gate)
        return ListStanding() if known is None else replace(known.standing, problems=self._problems(known))

    def marked(self, gate: str, kind: str, digest: str) -> tuple[Marked, Resident] | None:
        """The credential behind what a node has told, with its resident; ``None`` if it is nobody's."""
        known = self._gates.get(gate)
        for marked in known.marked if known else ():
            if marked.credential.kind == kind and digest in {one.hex() for one in marked.digests}:
                resident = self._residents.get(marked.credential.resident)
                return None if resident is None else (marked, resident)
        return None

    def is_two_factor(self, gate: str) -> bool:
        """Whether a camera of this gate asks for two factors."""
        return gate in self._gates and self._gates[gate].two_factor

    async def _read(self) -> None:
        people, cameras = await asyncio.gather(
            asyncio.to_thread(self._store.residents), asyncio.to_thread(self._store.cameras)
        )
        residents = {resident.id: resident for resident in people}
        same, self._residents = residents == self._residents, residents
        two_factor = {camera.gate for camera in cameras if camera.liveness is LivenessLevel.SECOND_FACTOR}
        for gate, link in list(self._links.items()):
            if gate not in self._gates:
                await self._join(gate, link)
            known = self._gates[gate]
            known.key = digest_key(await asyncio.to_thread(self._store.gate_key, gate), gate)
            marked = tuple(await asyncio.to_thread(self._store.marked, gate))
            in_use = await asyncio.to_thread(self._is_in_use, gate)
            if same and (marked, gate in two_factor, in_use) == (known.marked, known.two_factor, known.in_use):
                continue
            known.marked, known.two_factor, known.in_use = marked, gate in two_factor, in_use
            known.refused_boot = 0  # what was refused was another list
            known.standing = replace(known.standing, state="waiting", detail="")
            known.change += 1
            if known.waits_since is None:
                known.waits_since = self.clock.running()
            known.wake.set()

    def _is_in_use(self, gate: str) -> bool:
        store = self._store
        return may_be_used(store.node_setup(gate), store.commissioning(gate), trial=store.gate(gate).trial)

    async def _join(self, gate: str, link: Link) -> None:
        known = _Gate(link, b"", await asyncio.to_thread(self._store.gate_list, gate))
        known.cancels = (link.on_hello(lambda _: known.wake.set()), link.on_event(self.on_event))
        known.task = asyncio.get_running_loop().create_task(self._keep(gate, known), name=f"list of {gate}")
        known.task.add_done_callback(_ended)
        self._gates[gate] = known

    async def _leave(self, gate: str) -> None:
        known = self._gates.pop(gate)
        for cancel in known.cancels:
            cancel()
        if known.task is not None:
            known.task.cancel()
            await asyncio.gather(known.task, return_exceptions=True)

    async def _watch_clock(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_SECONDS)
            before = self._trust.problem
            self.look_at_clock()
            if self._trust.problem != before:
                for known in self._gates.values():
                    known.wake.set()

    def look_at_clock(self) -> None:
        """See whether the clock may be believed now."""
        before, clock = self._trust.problem, self.clock
        self._trust = self._trust.look(
            clock.unix(), clock.running(), synchronised=clock.synchronised(), vouched=clock.vouched
        )
        if self._trust.problem and self._trust.problem != before:
            _LOG.warning(
                "The gates are told no time, because this machine's clock may be wrong (%s).", self._trust.problem
            )

    async def _keep(self, gate: str, known: _Gate) -> None:
        """The life of one gate's list."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await known.wake.wait()
            except TimeoutError:
                pass
            known.wake.clear()
            hello = known.link.hello
            try:
                online = hello is not None and known.link.state == "online"
                if hello is not None and online:
                    await self._tell_time(known, hello)
                self._want(gate, known)
                if hello is not None and online:
                    await self._bring(gate, known, hello)
            except StoreError as error:
                _LOG.error("The list of gate %s cannot be sent: %s", gate, error)

    def _want(self, gate: str, known: _Gate) -> None:
        """Say what should be in force, and whether it is."""
        now = self._trust.now(self.clock.running())
        nobody = known.two_factor or not known.in_use
        known.wanted = AllowList() if nobody else allow_list(gate, self._residents, known.marked, now)
        wanted, there = known.wanted, self._version(known, known.link.hello)
        in_force = known.made is not None and known.made.stored and known.made.version == there
        state = known.standing.state
        if state not in ("refused", "two_factor"):
            state = "in_force" if in_force and not self._due(known, known.link.hello) else "waiting"
        if not wanted.entries and known.made is None and not there and not known.two_factor:
            state = "none"
        known.standing = replace(
            known.standing,
            state=state,
            version=there,
            expires=known.made.expires if known.made is not None and in_force else 0,
            entries=len(wanted.entries),
            left_out=wanted.left_out,
            stale=wanted.stale,
            sent=0,
            chunks=0,
        )
        waits = state in ("waiting", "refused")
        running = self.clock.running()
        known.waits_since = (known.waits_since if known.waits_since is not None else running) if waits else None

    @staticmethod
    def _version(known: _Gate, hello: Hello | None) -> int:
        """What the node has in force; its last hello may be older than its last answer."""
        if hello is None:
            return known.committed[1]
        boot, version = known.committed
        return max(hello.list_version, version if boot == hello.boot else 0)

    def _due(self, known: _Gate, hello: Hello | None) -> bool:
        """Whether a new version has to be made."""
        made, now = known.made, self._trust.now(self.clock.running())
        if made is None or made.fingerprint != known.wanted.fingerprint(known.key):
            return True
        there = self._version(known, hello)
        if there > made.version or (there == made.version and not made.stored):
            return True  # a database was put back, or nobody has told what became of the last one
        return now is not None and not known.two_factor and made.expires - now < RENEWED

    async def _bring(self, gate: str, known: _Gate, hello: Hello) -> None:
        if known.standing.state == "none":
            return
        if known.refused_boot == hello.boot and known.standing.state in ("refused", "two_factor"):
            return
        there = self._version(known, hello)
        if self._due(known, hello):
            now, before = self._trust.now(self.clock.running()), known.made
            expires = before.expires if before is not None else 0  # by a clock that is wrong nothing new is promised
            if now is not None:
                expires = int(now) + LASTS
            version = max(before.version if before is not None else 0, there) + 1
            known.made = GateList(gate, version, known.wanted.fingerprint(known.key), expires)
            await asyncio.to_thread(self._store.save_gate_list, known.made)
        if known.made is not None and known.made.version != there:
            await self._send(gate, known, hello, known.made)

    async def _send(self, gate: str, known: _Gate, hello: Hello, made: GateList) -> None:
        """Send the whole list, chunk after chunk."""
        parts, change = chunks(made.version, made.expires, known.wanted.entries), known.change
        for _ in range(_TRIES):
            answer = OpenResult("node_silent")
            for sent, part in enumerate(parts):
                known.standing = replace(known.standing, state="sending", sent=sent, chunks=len(parts))
                answer = await known.link.ask(part, lasts=lambda: known.change == change)
                if not answer.done or answer.detail == "committed":
                    break
            if answer.detail != "argument chunk":
                break
        if answer.done and answer.detail == "committed":
            known.committed = (hello.boot, made.version)
            if known.standing.sent + 1 < len(parts):
                known.wake.set()  # a list of this version was there before, and nobody knows what is in it: a new one
                return
            known.made = replace(made, stored=True)
            await asyncio.to_thread(self._store.save_gate_list, known.made)
            known.refused_boot = 0
            known.standing = replace(known.standing, state="in_force", detail="")
            _LOG.info("Gate %s has list %d with %d entries.", gate, made.version, len(known.wanted.entries))
            self._want(gate, known)
        elif answer.result == "node_refused":
            both = known.two_factor and answer.detail == _TWO_FACTOR
            known.refused_boot = hello.boot if answer.detail == _TWO_FACTOR else 0
            known.standing = replace(known.standing, state="two_factor" if both else "refused", detail=answer.detail)
            if not both:
                _LOG.error("Gate %s refuses its list of cards and PINs (%s).", gate, answer.detail)
        else:
            known.standing = replace(known.standing, state="waiting")
            if answer.result == "person_left":
                known.wake.set()  # the list has changed meanwhile: begin again at once

    async def _tell_time(self, known: _Gate, hello: Hello) -> None:
        """Tell the node the time if ours is right, and if it does not have it."""
        clock = self.clock
        now, running = self._trust.now(clock.running()), clock.running()
        if self._trust.problem or now is None:
            return
        if known.told is not None:
            boot, then, time = known.told
            drift = abs((now - time.unix) - (running - then))
            if boot == hello.boot and running - then < TIME_SECONDS and drift <= JUMP_SECONDS:
                return
        line = time_line(now, clock.offset_minutes)
        if (await known.link.ask(line)).done:
            known.told = (hello.boot, running, line)

    def _problems(self, known: _Gate) -> tuple[str, ...]:
        wanted, standing = known.wanted, known.standing
        timed = any(entry.days or entry.begins or entry.ends for entry in wanted.entries)
        waits = known.waits_since is not None and self.clock.running() - known.waits_since >= WAITS_SECONDS
        two_factor_node = standing.state == "refused" and standing.detail == _TWO_FACTOR
        found = {
            self._trust.problem: bool(self._trust.problem) and timed,
            "list_full": wanted.left_out > 0,
            "cards_to_learn": wanted.stale > 0,
            "list_waiting": waits and standing.state == "waiting",
            "list_refused": standing.state == "refused" and not two_factor_node,
            "two_factor_camera": two_factor_node,
            "two_factor_node": known.two_factor and standing.state == "in_force",
        }
        return tuple(sorted(problem for problem, there in found.items() if there))


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOG.critical("The %s is sent no more until FaceGate is started again.", task.get_name(), exc_info=error)
