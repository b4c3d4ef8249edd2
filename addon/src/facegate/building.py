"""What stands in the building now: one link per gate, one watch per camera, kept in step with the store."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from facegate.adapters.camera import open_camera
from facegate.adapters.camera_state import CameraError
from facegate.adapters.gate import GateLink
from facegate.adapters.hints import Hints
from facegate.adapters.key_change import KeyChanger, Outcome
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import Loss, NodeReport
from facegate.adapters.state_board import Standing
from facegate.adapters.store import NotFoundError, Store, StoreError
from facegate.contract.lines import Hello
from facegate.contract.messages import Topics
from facegate.core import press
from facegate.core.commissioning_sheet import may_be_used
from facegate.core.gate_condition import GateCondition
from facegate.core.matching import Gallery
from facegate.core.models import Camera, Decision, Direction, Frame, Gate, Resident, Template
from facegate.core.node_events import read
from facegate.core.recognition import Recognition
from facegate.core.second_factor import Factor
from facegate.core.site_rule import SiteRule
from facegate.core.sparing import Sparing
from facegate.core.ways import Book
from facegate.pipeline import CameraPipeline
from facegate.presenting import Desk
from facegate.turns import Turns
from facegate.vision import Models, preview
from facegate.vision.preview import Preview
from facegate.watch import CameraHealth, CameraWatch

_LOG = logging.getLogger(__name__)

_WAYS_SECONDS = 60.0  # how soon it is seen that somebody's card has run out

type Decided = Callable[[CameraPipeline, Decision], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the store says should stand here; a gate whose key is damaged is missing from ``keys``.

    ``unused``: gates that may not be used before somebody has commissioned them.
    """

    gates: dict[str, Gate]
    keys: dict[str, bytes]
    cameras: dict[str, Camera]
    residents: dict[str, Resident]
    templates: tuple[Template, ...]
    rule: SiteRule = field(default_factory=SiteRule)
    ways: Book = field(default_factory=Book)
    unused: frozenset[str] = frozenset()

    @classmethod
    def read(cls, store: Store) -> Plan:
        """Read everything at once; blocks."""
        gates = {gate.id: gate for gate in store.gates()}
        return cls(
            gates=gates,
            keys={gate: key for gate in gates if (key := _key(store, gate)) is not None},
            cameras={camera.id: camera for camera in store.cameras()},
            residents={resident.id: resident for resident in store.residents()},
            templates=tuple(store.templates()),
            rule=store.site_rule(),
            ways=store.way_book(),
            unused=frozenset(gate.id for gate in gates.values() if not _may_be_used(store, gate)),
        )


@dataclass(frozen=True, slots=True)
class BuildingEye:
    """A camera of a gate for whoever is enrolled there. ``latest`` blocks."""

    camera: Camera
    latest: Callable[[int], Frame | None]
    release: Callable[[], None]


class Building:
    """Belongs to the event loop.

    Args:
        store: what should stand here.
        mqtt: the way to the nodes.
        topics: of this site.
        models: shared by all cameras.
        links: filled with the way to each gate's node.
        decided: called on the loop once for each decision of any camera.
        heard: called with each verified event of a node.
        lost: called when events of a node have turned out to be lost.
        recorded: returns when all that was heard so far is in the record.
        greeted: called with each verified hello of a node.
        loop_clips: whether a clip begins again at its end.
        decoding: what decodes cameras' pictures, as the settings call it.
        desk: what judges passes that are held before cameras.
    """

    def __init__(
        self,
        store: Store,
        mqtt: MqttClient,
        topics: Topics,
        models: Models,
        links: dict[str, GateLink],
        *,
        decided: Decided,
        heard: Callable[[NodeReport], None],
        lost: Callable[[Loss], None] = lambda loss: None,
        recorded: Callable[[], Awaitable[None]] | None = None,
        greeted: Callable[[Hello], None] = lambda hello: None,
        loop_clips: bool = False,
        decoding: str = "software",
        desk: Desk | None = None,
    ) -> None:
        self.plan = Plan({}, {}, {}, {}, ())
        self.links = links
        self.hints = Hints(links)
        self.sparing = Sparing()
        self._heard = heard
        self._lost = lost
        self._recorded = recorded
        self._greeted = greeted
        self._store = store
        self._mqtt = mqtt
        self._topics = topics
        self._models = models
        self._decided = decided
        self._loop_clips = loop_clips
        self._decoding = decoding
        self._desk = desk
        self._turns = Turns(models.at_once)
        self._changers: dict[str, KeyChanger] = {}
        self._watches: dict[str, CameraWatch] = {}
        self._gaps: tuple[float, Book, frozenset[str]] = (0.0, self.plan.ways, frozenset())
        self._following = asyncio.Lock()
        self._ways: asyncio.Task[None] | None = None

    async def follow(self) -> None:
        """Bring links, watches and galleries in step with the store; returns when they are."""
        async with self._following:
            plan = await asyncio.to_thread(Plan.read, self._store)
            before, self.plan = self.plan, plan
            if self._ways is None:
                self._ways = asyncio.get_running_loop().create_task(self._keep_ways())
            await self._follow_gates(before)
            await self._follow_cameras(before)

    async def close(self) -> None:
        """Stop watching, then stop listening."""
        if self._ways is not None:
            self._ways.cancel()
            self._ways = None
        async with self._following:
            self.plan = Plan({}, {}, {}, {}, ())
            await self._end_watches(set(self._watches))
            for gate in list(self.links):
                await self._unlink(gate)

    async def change_key(self, gate: str) -> Outcome:
        """Give a gate and its node a new key while both run; raises NotFoundError for a gate without a link."""
        changer = self._changers.get(gate)
        if changer is None:
            raise NotFoundError(f"There is no gate '{gate}' with a key that can be read: add it first.")
        return await changer.change()

    def press(self, gate: str, direction: Direction) -> int:
        """Somebody asks at a gate to be recognised, now; returns how many of its cameras wait for that."""
        now = time.monotonic()
        known = self.plan.gates.get(gate)
        if known is None or not known.faces:
            return 0
        waiting = [watch for watch in self._watches.values() if _waits_at(watch.camera, gate, direction)]
        for watch in waiting:
            watch.pipeline.press(now)
        return len(waiting)

    def look(self, camera: str) -> Preview | None:
        """What a camera sees now, ``None`` where nothing comes; blocks. Raises CameraError, VisionError."""
        watch = self._watches.get(camera)
        frame = None if watch is None else watch.newest()
        if watch is None or frame is None:
            return None
        with self._turns.turn(f"preview {camera} {threading.get_ident()}"):  # two may look at one camera
            return preview.look(self._models, watch.camera, frame)

    def picture(self, camera: str) -> bytes | None:
        """The same as a JPEG. Raises CameraError, VisionError."""
        seen = self.look(camera)
        return None if seen is None else seen.jpeg

    def eye(self, camera: str, resident: str) -> BuildingEye:
        """A camera to enrol a resident at; until it is released its gate does not act on them. Raises NotFoundError."""
        watch = self._watches.get(camera)
        if watch is None:
            raise NotFoundError(f"There is no camera '{camera}' that works: add it first.")
        self.sparing.begin(camera, watch.camera.gate, resident)
        return BuildingEye(watch.camera, lambda after: self._newest(camera, after), lambda: self.sparing.end(camera))

    def _newest(self, camera: str, after: int) -> Frame | None:
        watch = self._watches.get(camera)  # looked up each time: a change of the camera begins another one
        try:
            return None if watch is None else watch.newest(after)
        except CameraError:  # the watch sees the same picture, and its health tells of it
            return None

    def show_factor(self, gate: str, direction: Direction, factor: Factor) -> None:
        """Hand a second factor that was shown at a gate to the cameras that look at people on this side of it."""
        for watch in self._watches.values():
            if watch.camera.gate == gate and watch.camera.direction is direction:
                watch.pipeline.factor(factor)

    def outdated(self) -> frozenset[str]:
        """Residents whose templates were all made by another model than the one in use: enrol them again."""
        usable = {template.resident for template in self._usable()}
        return frozenset(template.resident for template in self.plan.templates) - usable

    def is_stale(self) -> bool:
        """Whether so many residents ask for a higher threshold than the site has."""
        return self.plan.rule.is_stale(len({template.resident for template in self.plan.templates}))

    def ways_missing(self) -> frozenset[str]:
        """Gates whose face reader is on although somebody has no other way in, or not every hour."""
        looked, book, found = self._gaps
        now = time.time()
        if book is not self.plan.ways or not 0 <= now - looked < _WAYS_SECONDS:
            book = self.plan.ways
            lacking = (gate for gate in self.plan.gates.values() if gate.faces and book.gaps(gate.id, now).lasting)
            found = frozenset(gate.id for gate in lacking)
            self._gaps = (now, book, found)
        return found

    async def _keep_ways(self) -> None:
        """Residents change their own passes and phones, and times run out: look again now and then."""
        while True:
            await asyncio.sleep(_WAYS_SECONDS)
            async with self._following:
                try:
                    self.plan = replace(self.plan, ways=await asyncio.to_thread(self._store.way_book))
                except StoreError as error:
                    _LOG.error("Whether everybody has a way in without a face cannot be seen: %s", error)

    def cameras(self) -> list[CameraHealth]:
        """How each camera does."""
        return [watch.health() for watch in self._watches.values()]

    def standings(self) -> list[Standing]:
        """How each gate stands: the worst of its cameras, its node, and what is wrong."""
        cameras: dict[str, list[CameraHealth]] = {gate: [] for gate in self.plan.gates}
        for camera in self.cameras():
            cameras.setdefault(camera.gate, []).append(camera)
        everywhere = {"templates_outdated": bool(self.outdated()), "calibration_stale": self.is_stale()}
        wrong = [problem for problem, present in everywhere.items() if present]
        lacking = self.ways_missing()
        return [
            _standing(
                gate,
                self.links.get(gate.id),
                cameras[gate.id],
                [
                    *wrong,
                    *(["ways_missing"] if gate.id in lacking else ()),
                    *(["not_commissioned"] if gate.id in self.plan.unused else ()),
                ],
            )
            for gate in self.plan.gates.values()
        ]

    def _on_press(self, report: NodeReport) -> None:
        direction = press.side(read(report.event), history=report.history)
        if direction is not None:
            self.press(report.gate, direction)

    async def _follow_gates(self, before: Plan) -> None:
        for gate in set(self.links) - {g for g, key in self.plan.keys.items() if key == before.keys.get(g)}:
            await self._unlink(gate)
        for gate, key in self.plan.keys.items():
            if gate not in self.links:
                link = GateLink(gate, key, self._mqtt, self._topics, positions=self._store, recorded=self._recorded)
                link.on_event(self._heard)
                link.on_event(self._on_press)
                link.on_loss(self._lost)
                link.on_hello(self._greeted)
                self.links[gate] = link
                await self._changer(gate, link).start()
                await link.start()

    def _changer(self, gate: str, link: GateLink) -> KeyChanger:
        def changed(key: bytes) -> None:
            self.plan.keys[gate] = key  # so that following the store does not begin a new link

        self._changers[gate] = KeyChanger(link, self._store, changed)
        return self._changers[gate]

    async def _unlink(self, gate: str) -> None:
        await self._changers.pop(gate).stop()
        await self.links.pop(gate).stop()
        self.hints.forget(gate)

    async def _follow_cameras(self, before: Plan) -> None:
        wanted = self.plan.cameras
        await self._end_watches({c for c in self._watches if wanted.get(c) != before.cameras.get(c)})
        gallery = Gallery(self._usable())
        for camera in wanted.values():
            gate = self.plan.gates[camera.gate]
            recognition = Recognition(gallery, self.plan.residents, gate, self.plan.rule.thresholds)
            watch = self._watches.get(camera.id)
            if watch is None:
                self._watches[camera.id] = self._begin_watch(camera, recognition)
            else:
                watch.pipeline.recognition = recognition

    def _usable(self) -> list[Template]:
        return [template for template in self.plan.templates if template.model == self._models.embedder.model]

    def _begin_watch(self, camera: Camera, recognition: Recognition) -> CameraWatch:
        loop = asyncio.get_running_loop()
        pipeline = CameraPipeline(
            camera, self._models, recognition, pause=partial(self._turns.give_way, camera.id), desk=self._desk
        )

        def hand_over(decision: Decision) -> None:
            if not self.sparing.holds(decision):
                loop.call_soon_threadsafe(self._decided, pipeline, decision)

        def prompted(prompt: str) -> None:
            loop.call_soon_threadsafe(self.hints.prompted, camera.gate, prompt)

        reader = open_camera(camera, loop=self._loop_clips, decoding=self._decoding)
        notes = ("inference_cpu",) if self._models.fallback else ()
        watch = CameraWatch(camera, reader, pipeline, hand_over, prompted, turns=self._turns, notes=notes)
        watch.start()
        return watch

    async def _end_watches(self, ended: set[str]) -> None:
        watches = [self._watches.pop(camera) for camera in ended]
        await asyncio.gather(*(asyncio.to_thread(watch.stop) for watch in watches))


def _waits_at(camera: Camera, gate: str, direction: Direction) -> bool:
    return camera.on_press and camera.gate == gate and camera.direction is direction


def _may_be_used(store: Store, gate: Gate) -> bool:
    return may_be_used(store.node_setup(gate.id), store.commissioning(gate.id), trial=gate.trial)


def _key(store: Store, gate: str) -> bytes | None:
    """One damaged key must not close the gates whose keys are whole."""
    try:
        return store.gate_key(gate)
    except StoreError as error:
        _LOG.error("Gate %s cannot be used: %s", gate, error)  # one sentence
        return None


_WORST_FIRST = ("off", "silent", "ok")


def _standing(gate: Gate, link: GateLink | None, cameras: list[CameraHealth], wrong: Sequence[str]) -> Standing:
    """How one gate stands. ``wrong``: what is wrong beside its camera and its node."""
    problems = [*wrong, *(f"camera_{camera.reason}" for camera in cameras if camera.reason)]
    problems += [camera.problem for camera in cameras if camera.problem]
    problems += [note for camera in cameras for note in camera.notes]
    problems += link.problems if link else ("gate_key",)
    condition = link.condition if link else GateCondition()
    return Standing(
        gate=gate.id,
        name=gate.name,
        mode=gate.mode,
        camera=min((camera.condition for camera in cameras), key=_WORST_FIRST.index, default="off"),
        node=link.state if link else "offline",
        problems=tuple(sorted(set(problems))),
        prompt=next((camera.prompt for camera in cameras if camera.prompt), ""),
        fire=condition.fire,
        tamper=condition.tampered,
        held=condition.held,
    )
