"""What the recognizer's API offers about people: Home Assistant's persons, who may be residents, and guests.

A resident is named by the id of a person alone: Home Assistant needs to know nobody else.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import probatio

from .errors import UnexpectedAnswerError

_QUESTION: Final = {
    probatio.Required("person"): str,
    probatio.Required("mark"): str,
    probatio.Required("name"): str,
    probatio.Optional("before", default=""): str,
}
_HEARD: Final = {probatio.Optional(kind, default=list): [_QUESTION] for kind in ("new", "renamed", "gone")}
_INVITED: Final = {
    probatio.Required("url"): str,
    probatio.Required("qr"): str,
    probatio.Required("expires_at"): probatio.Coerce(float),
}
_PASS: Final = {probatio.Required("text"): str, probatio.Required("qr"): str}


@dataclass(frozen=True, slots=True)
class Question:
    """About one person. ``mark`` names the question and tells nothing; ``before``: the name before this one."""

    person: str
    mark: str
    name: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is asked about Home Assistant's persons: who is new, has another name, or is gone."""

    new: Sequence[Question] = ()
    renamed: Sequence[Question] = ()
    gone: Sequence[Question] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that lets one resident enrol, with its QR code as SVG."""

    url: str
    qr: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class GuestPass:
    """What stands in a guest's code, and the code as SVG; told this once."""

    code: str
    qr: str


class People:
    """Asks through a client's ``ask``: ``await ask(method, path, json=…)``."""

    def __init__(self, ask: Callable[..., Awaitable[Any]]) -> None:
        """Ask through ``ask``."""
        self._ask = ask

    async def tell(self, persons: Mapping[str, str]) -> Heard:
        """Tell which persons there are, name by id, and return what is asked about them."""
        known = [{"id": person, "name": plain(name)} for person, name in sorted(persons.items())]
        answer = _parsed(await self._ask("PUT", "persons", json={"persons": known}), _HEARD)
        return Heard(**{kind: [Question(**one) for one in questions] for kind, questions in answer.items()})

    async def make_resident(self, person: str) -> None:
        """Let a person be a resident as well, by the name that was told."""
        await self._ask("POST", "persons/residents", json={"person": person})

    async def answer(self, person: str, outcome: str, other: str | None = None) -> None:
        """Say what became of a resident whose person has another name or is gone."""
        more = {} if other is None else {"other": other}
        await self._ask("POST", "persons/answers", json={"person": person, "outcome": outcome, **more})

    async def suspend(self, person: str, *, suspended: bool) -> None:
        """Pause somebody's access, or let it go on."""
        await self._ask("POST", "persons/suspensions", json={"person": person, "suspended": suspended})

    async def invite(self, person: str) -> Invitation:
        """Make an invitation."""
        answer = await self._ask("POST", "persons/invitations", json={"person": person})
        return Invitation(**_parsed(answer, _INVITED))

    async def make_pass(
        self, *, gates: Sequence[str], label: str, begins: datetime, ends: datetime, uses: int | None
    ) -> GuestPass:
        """Make a guest's pass; no gates for every gate, no ``uses`` for as often as they like."""
        body = {
            "gates": list(gates),
            "label": label,
            "valid_from": begins.timestamp(),
            "valid_until": ends.timestamp(),
            "uses": uses,
        }
        answer = _parsed(await self._ask("POST", "passes", json=body), _PASS)
        return GuestPass(answer["text"], answer["qr"])


def _parsed(answer: Any, members: dict[Any, Any]) -> dict[str, Any]:
    try:
        content: dict[str, Any] = probatio.Schema(members, extra=probatio.REMOVE_EXTRA)(answer)
    except probatio.Invalid as error:
        raise UnexpectedAnswerError("the answer about people is not understood") from error
    return content


def plain(name: str) -> str:
    """A name as the recognizer takes it; Home Assistant lets people write anything."""
    return " ".join("".join(char if char.isprintable() else " " for char in name).split())[:200].rstrip()
