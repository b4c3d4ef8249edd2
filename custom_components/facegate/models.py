"""What the recognizer tells, as frozen data; parsed here once and trusted afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from .errors import UnexpectedAnswerError
from .messages import UNKNOWN_COUNT, GateState


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """What one pairing code buys.

    ``api`` is the address that the recognizer calls its own; ``event_key`` is hex and signs what comes over MQTT.
    ``persons``: the token learns who somebody is.
    """

    installation: str
    api: str
    site: str
    version: str
    token: str
    event_key: str
    persons: bool = False

    @classmethod
    def from_answer(cls, answer: Any) -> Self:
        """Return the pairing in an answer of the API."""
        return cls(
            installation=_text(answer, "installation"),
            api=_text(answer, "api"),
            site=_text(answer, "site"),
            version=_text(answer, "version"),
            token=_text(answer, "token"),
            event_key=_hex(answer, "event_key"),
            persons="persons" in _words(answer, "scopes"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a recognizer answered to a nonce; worth nothing until it is compared with the paired key's answer."""

    installation: str
    api: str
    proof: str

    @classmethod
    def from_answer(cls, answer: Any) -> Self:
        """Return the proof in an answer of the API."""
        return cls(installation=_text(answer, "installation"), api=_text(answer, "api"), proof=_text(answer, "proof"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGate:
    """A gate that was just made, with the key of its node in hex, which is told this once.

    ``trial``: its node is software.
    """

    id: str
    key: str
    trial: bool

    @classmethod
    def from_answer(cls, answer: Any) -> Self:
        """Return the new gate in an answer of the API."""
        return cls(id=_text(answer, "id"), key=_hex(answer, "key"), trial=_flag(answer, "trial"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A resident who agreed to be told of. ``presence`` stands for them; ``person`` is the entity of theirs, if any."""

    presence: str
    name: str
    person: str | None = None
    groups: frozenset[str] = frozenset()

    @classmethod
    def from_answer(cls, answer: Any) -> Self:
        """Return the resident in an answer of the API."""
        return cls(
            presence=_hex(answer, "presence"),
            name=_text(answer, "name"),
            person=None if answer.get("person") is None else _text(answer, "person"),
            groups=frozenset(_words(answer, "groups")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers of people at one gate, ``None`` where nobody can know them; ``since`` is Unix seconds.

    ``inside``: who came in by this gate since then and did not go out by it; of ``unsure`` more nobody told the way.
    ``site_inside``: by all gates together. ``at``: when it was told, 0 where that was an answer to a question.
    """

    passages: int | None = None
    inside: int | None = None
    unsure: int = 0
    since: int = 0
    site_inside: int | None = None
    at: int = 0

    @classmethod
    def from_answer(cls, answer: Any) -> Self:
        """Return the figures in an answer of the API; a recognizer that counts nothing tells none."""
        if answer is None:
            return cls()
        if not isinstance(answer, dict):
            raise UnexpectedAnswerError("the numbers of people are none")
        passages, inside, unsure, since, site_inside = (
            _count(answer, member) for member in ("passages", "inside", "unsure", "since", "site_inside")
        )
        return cls(passages=passages, inside=inside, unsure=unsure or 0, since=since or 0, site_inside=site_inside)

    @classmethod
    def from_state(cls, state: GateState) -> Self:
        """Return the figures in a verified state message."""
        return cls(
            passages=_known(state.passages),
            inside=_known(state.inside),
            unsure=state.unsure,
            since=state.since,
            site_inside=_known(state.site_inside),
            at=state.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate: ``camera`` is ok, silent or off; ``node`` is online, silent or offline; ``fire`` is none, active or
    latched. Other words may come. ``tamper``: the node's case is open; ``held``: the door stays open for too long.
    ``faces``: the face reader is on; ``trial``: it moves no door; both are told by the API alone.
    """

    id: str
    name: str
    mode: str = "normal"
    camera: str = "off"
    node: str = "offline"
    problems: tuple[str, ...] = ()
    fire: str = "none"
    tamper: bool = False
    held: bool = False
    faces: bool = False
    trial: bool = False
    figures: Figures = Figures()  # frozen, so that all may share it

    @classmethod
    def from_answer(cls, answer: Any) -> Self:
        """Return the gate in an answer of the API."""
        return cls(
            id=_text(answer, "id"),
            name=_text(answer, "name"),
            mode=_text(answer, "mode"),
            camera=_text(answer, "camera"),
            node=_text(answer, "node"),
            problems=_words(answer, "problems"),
            fire=_text(answer, "fire"),
            tamper=_flag(answer, "tamper"),
            held=_flag(answer, "held"),
            faces=_flag(answer, "faces"),
            trial=_flag(answer, "trial"),
            figures=Figures.from_answer(answer.get("tally")),
        )

    def with_state(self, state: GateState) -> Self:
        """Return this gate as a verified state message describes it."""
        return replace(
            self,
            name=state.name,
            mode=state.mode,
            camera=state.camera,
            node=state.node,
            problems=tuple(state.problems),
            fire=state.fire,
            tamper=state.tamper,
            held=state.held,
            figures=Figures.from_state(state),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCamera:
    """One camera of a gate; ``state`` is ok, silent or off."""

    id: str
    direction: str
    state: str

    @classmethod
    def from_answer(cls, answer: Any) -> Self:
        """Return the camera in an answer of the API."""
        return cls(id=_text(answer, "id"), direction=_text(answer, "direction"), state=_text(answer, "state"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the house stands. What an older recognizer does not tell yet is as if all were well.

    ``locked``: the site key waits for its passphrase. ``waiting``: it cannot start yet. Then nothing else is told.
    ``clock``: why gates are told no time. ``unreadable``, ``outdated`` (of consents) and ``leaving`` are numbers of
    residents. ``tls`` and ``anonymous`` are about the broker.
    """

    version: str
    locked: bool = False
    waiting: bool = False
    clock: str = ""
    problems: tuple[str, ...] = ()
    unreadable: int = 0
    outdated: int = 0
    leaving: int = 0
    tls: bool | None = None
    anonymous: str = "unknown"

    @classmethod
    def from_answer(cls, answer: Any) -> Self:
        """Return the health in an answer of the API."""
        version = _text(answer, "version")
        clock, counts, broker = answer.get("clock", ""), answer.get("residents", {}), answer.get("broker_safety", {})
        if not isinstance(clock, str) or not isinstance(counts, dict) or not isinstance(broker, dict):
            raise UnexpectedAnswerError("the answer is no health")
        return cls(
            version=version,
            locked=answer.get("locked") is True,
            waiting=bool(answer.get("waiting")),
            clock=clock,
            problems=_words(answer, "problems"),
            unreadable=len(_words(answer, "unreadable")),
            outdated=_count(counts, "outdated") or 0,
            leaving=_count(counts, "leaving") or 0,
            tls=_flag(broker, "tls") if broker else None,
            anonymous=_text(broker, "anonymous") if broker else "unknown",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognizer:
    """Everything the entities show."""

    health: Health
    gates: Mapping[str, Gate]

    @property
    def version(self) -> str:
        """The version of the recognizer."""
        return self.health.version


def _text(answer: Any, member: str) -> str:
    if not isinstance(answer, dict) or not isinstance(value := answer.get(member), str) or not value:
        raise UnexpectedAnswerError(f"the answer has no text {member!r}")
    return value


def _hex(answer: Any, member: str) -> str:
    value = _text(answer, member)
    try:
        bytes.fromhex(value)
    except ValueError as error:
        raise UnexpectedAnswerError(f"{member!r} is not hexadecimal") from error
    return value


def _flag(answer: dict[str, Any], member: str) -> bool:
    if not isinstance(value := answer.get(member), bool):
        raise UnexpectedAnswerError(f"{member!r} is neither true nor false")
    return value


def _count(answer: dict[str, Any], member: str) -> int | None:
    value = answer.get(member)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise UnexpectedAnswerError(f"{member!r} is not a number")
    return None if value is None else int(value)


def _known(people: int) -> int | None:
    return None if people == UNKNOWN_COUNT else people


def _words(answer: dict[str, Any], member: str) -> tuple[str, ...]:
    value = answer.get(member, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UnexpectedAnswerError(f"{member!r} is not a list of texts")
    return tuple(value)
