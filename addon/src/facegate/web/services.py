"""What the API and the pages need of the rest: named here, made and wired in ``facegate.app``."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from facegate.adapters.broker_safety import BrokerWatch
from facegate.adapters.key_change import Outcome
from facegate.adapters.store import Member, OrderRecord, Proof
from facegate.commissioning import Commissionings
from facegate.core.commissioning_sheet import Sheet
from facegate.core.credentials import Credential
from facegate.core.models import Camera, Direction, Gate, Mode, Template
from facegate.core.node_file import NodeSetup
from facegate.core.site_rule import SiteRule
from facegate.core.tally import Figures
from facegate.core.trail import Checkpoint
from facegate.core.ways import Gaps
from facegate.credentials.learning import Lesson
from facegate.credentials.lists import ListStanding
from facegate.opening import OpenOutcome, OpenRequest
from facegate.orders import OrderOutcome
from facegate.residents.application import Admitted, Application
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
from facegate.settings import Broker
from facegate.web import machine
from facegate.web.pairing import Pairing
from facegate.web.previews import Previews
from facegate.web.resident_store import ResidentStore


class Token(Protocol):
    """What the store keeps of a token."""

    @property
    def id(self) -> str:
        """Names the token in lists; no secret."""

    @property
    def name(self) -> str:
        """Who it was given to."""

    @property
    def scopes(self) -> frozenset[str]:
        """What it is good for."""


class Store(ResidentStore, Protocol):
    """The part of ``adapters.store`` that the API uses; synchronous and thread-safe."""

    @property
    def installation(self) -> str:
        """32 hex digits that name this installation for ever."""

    def gates(self) -> Sequence[Gate]:
        """All gates."""

    def gate(self, gate: str) -> Gate:
        """One gate."""

    def add_gate(self, gate: Gate, setup: NodeSetup | None = None) -> bytes:
        """Add a gate, with what its node is made of where that is known, and return the key that the node needs."""

    def renew_gate_key(self, gate: str) -> bytes:
        """Let a gate's key die at once and return the one that its node has to be flashed with."""

    def node_setup(self, gate: str) -> NodeSetup | None:
        """What a gate's node is made of."""

    def commissioning(self, gate: str) -> Sheet | None:
        """The last sheet of a gate."""

    def update_gate(self, gate: Gate) -> None:
        """Write a gate's new properties, but for its mode and its face reader."""

    def gaps(self, gate: str) -> Gaps:
        """What a gate lacks now before its face reader may be on."""

    def switch_faces(self, gate: str, *, on: bool) -> Gate:
        """Switch a gate's face reader."""

    def remove_gate(self, gate: str) -> None:
        """Remove a gate and destroy its key."""

    def cameras(self, gate: str | None = None) -> Sequence[Camera]:
        """The cameras of one gate or of all."""

    def add_camera(self, camera: Camera) -> None:
        """Add a camera."""

    def update_camera(self, camera: Camera) -> None:
        """Write a camera's new properties."""

    def remove_camera(self, camera: str) -> None:
        """Remove a camera."""

    def orders(self, gate: str, limit: int = 100) -> Sequence[OrderRecord]:
        """What a gate was told, and by whom, newest first."""

    def credentials(self, resident: str | None = None) -> Sequence[Credential]:
        """All cards and PINs, or those of one resident."""

    def credential(self, resident: str, credential: str) -> Credential:
        """One card or PIN of one resident."""

    def add_card(self, credential: Credential, number: bytes) -> Credential:
        """Store a card by its number."""

    def add_pin(self, credential: Credential, digits: str | None = None) -> tuple[Credential, str]:
        """Store a PIN, one of its own making where none is given, and return it this once."""

    def update_credential(self, credential: Credential) -> None:
        """Store another validity."""

    def remove_credential(self, resident: str, credential: str) -> None:
        """Delete a card or a PIN."""

    def templates(self) -> Sequence[Template]:
        """All templates."""

    def site_rule(self) -> SiteRule:
        """The rule of recognition that holds."""

    def set_site_rule(self, rule: SiteRule, residents: int, actor: str) -> None:
        """Let a rule hold from now on, and keep in the record who said so."""

    def checkpoints(self) -> Sequence[Checkpoint]:
        """What the trail of records came to, signed."""

    def checkpoint_key(self) -> bytes:
        """The public key that signs checkpoints."""

    def verify_trail(self, kept: Sequence[Checkpoint] = ()) -> Proof:
        """Prove the whole trail."""

    def members(self) -> list[Member]:
        """Whoever may use the panel."""

    def member(self, identifier: str) -> Member | None:
        """One of them."""

    def set_member(self, identifier: str, name: str, role: str, password: str | None = None) -> None:
        """Give somebody a role."""

    def remove_member(self, identifier: str) -> None:
        """Take somebody's role away."""

    def knows_password(self, identifier: str, password: str) -> bool:
        """Whether this is the member's password."""

    def add_token(self, name: str, scopes: Collection[str], token_hash: str) -> Token:
        """Keep a token's digest."""

    def find_token(self, token_hash: str) -> Token | None:
        """The token with this digest."""

    def tokens(self) -> Sequence[Token]:
        """All tokens."""

    def narrow_token(self, token: str, scopes: Collection[str]) -> None:
        """Let a token be good for these scopes alone."""

    def revoke_token(self, token: str) -> None:
        """Make a token useless."""


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """How one camera does. ``state``: ok, silent, off; ``reason`` is a translation key, empty when all is well.

    ``problem`` and ``notes`` are translation keys as well. ``ms``: what each step took in the last picture. ``rate``:
    pictures a second. ``prompt``: what somebody before it is asked to do.
    """

    state: str = "off"
    reason: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    ms: Mapping[str, float] = field(default_factory=dict)
    rate: float = 0.0
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class GateHealth:
    """How one gate does, in the words of ``contract.messages.GateState``.

    ``state``, ``refused`` and ``list_version`` are the node's own words of its last hello; ``lost``: events of it that
    never arrived, since the service began. ``free_until``, ``heard_at`` and ``acked_at``: Unix seconds. ``waits``: the
    node has not taken over the lockdown yet. ``prompt``: what whoever stands there is asked to do; ``pattern``: what
    the gate's lamp was told to show; empty for nothing.
    """

    camera: str = "off"
    node: str = "offline"
    problems: tuple[str, ...] = ()
    state: str = ""
    fire: str = "none"
    tamper: bool = False
    held: bool = False
    refused: int = 0
    lost: int = 0
    list_version: int = 0
    waits: bool = False
    free_until: float | None = None
    heard_at: float | None = None
    acked_at: float | None = None
    prompt: str = ""
    pattern: str = ""
    allow_list: ListStanding = field(default_factory=ListStanding)
    tally: Figures = field(default_factory=Figures)


@dataclass(frozen=True, slots=True)
class Health:
    """How everything does at one moment. A gate or camera that is missing here has not been started yet."""

    broker: bool = False
    clock: str = ""
    gates: Mapping[str, GateHealth] = field(default_factory=dict)
    cameras: Mapping[str, CameraHealth] = field(default_factory=dict)


class Lessons(Protocol):
    """The part of ``facegate.credentials.learning.Lessons`` that the API uses."""

    async def begin(
        self, lesson: str, wanted: Credential, gate: str, direction: Direction, seconds: int, *, actor: str = ""
    ) -> Lesson:
        """Ask a gate's reader for the next card."""

    def at(self, gate: str) -> Lesson | None:
        """The last lesson at this gate."""


class Openings(Protocol):
    """The part of ``facegate.opening.Openings`` that the API uses."""

    async def open(self, request: OpenRequest) -> OpenOutcome:
        """Open, or say why not; the same id opens once."""


class Orders(Protocol):
    """The part of ``facegate.orders.Orders`` that the API uses."""

    async def set_mode(self, gate: str, mode: Mode, actor: str, *, seconds: int = 0) -> OrderOutcome:
        """Set a gate's mode, or say why not."""

    async def reset_fire(self, gate: str, actor: str) -> OrderOutcome:
        """End what a fire has released, or say why not."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a request may need.

    ``commissionings``: the installers' walks. ``change_key(gate)`` gives a running node a new key. ``broker``: the one
    that this recognizer uses; ``broker_watch``: whom that lets in. ``api``: the address that is published in the status
    message. ``event_key`` signs events.
    ``press`` lets the cameras of a gate that wait for it look at whoever stands there, and returns how many those are.
    ``person(alias)`` returns the resident's id behind an event, once and for a short time. ``admit`` enrols somebody
    with the service's own models; it blocks. ``changed`` is awaited after gates, cameras or residents have changed.
    ``looks``: at what has been, with names only where it is written down; ``privacy``: what is kept, and what was done
    with it. ``confirm_clock`` takes an owner's word that the clock is right, and returns whether it is doubted still.
    ``consents``: what people are told and what they said to it; ``enrolling``: at a gate's camera and from pictures;
    ``inviting``: by themselves.
    ``keys``: how they stand, and new ones. ``snapshots``: of refused visitors.
    ``links``: the residents', to enrol and to their own page; ``passes``: theirs and their guests'; ``departures``: of
    those who leave.
    ``persons``: Home Assistant's, some of whom are residents.
    ``rights``: what residents may ask for and do themselves.
    ``local_token`` is good for everything until the service ends; commands on the same machine find it in
    ``adapters.local_access``.
    """

    store: Store
    openings: Openings
    orders: Orders
    lessons: Lessons
    commissionings: Commissionings
    change_key: Callable[[str], Awaitable[Outcome]]
    pairing: Pairing
    site: str
    api: str
    event_key: bytes = field(repr=False)
    health: Callable[[], Health]
    press: Callable[[str, Direction], int]
    person: Callable[[str], str | None]
    admit: Callable[[Application], Admitted]
    changed: Callable[[], Awaitable[None]]
    consents: Consents
    enrolling: Enrolling
    inviting: Inviting
    departures: Departures
    links: Links
    passes: Passes
    persons: Persons
    rights: Rights
    previews: Previews
    paperwork: Paperwork
    machine: machine.Look
    keys: Keys
    snapshots: Snapshots
    looks: Looks
    privacy: Privacy
    confirm_clock: Callable[[], bool]
    local_token: str = field(default="", repr=False)
    broker: Broker = field(default_factory=Broker)
    broker_watch: BrokerWatch = field(default_factory=lambda: BrokerWatch(Broker()))
