"""The recognizer's HTTP API, as far as Home Assistant needs it."""

import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from .errors import RefusedError, ThrottledError, UnauthorizedError, UnexpectedAnswerError, UnreachableError
from .messages import prove
from .models import Gate, GateCamera, Health, NewGate, Pairing, Proof, Told
from .persons_api import People, plain

TIMEOUT: Final = ClientTimeout(total=10)  # an opening may wait for a busy node; everything else answers at once
SLOW: Final = ClientTimeout(total=20)  # the broker is given ten seconds to answer
SCOPES: Final = ("read", "manage", "open", "invite")
PERSONS: Final = "persons"
"""The scope that tells who somebody is: asked for only where the owner has switched on something that needs it."""
NAME_MOST: Final = 80  # characters of a token's name
MAX_ANSWER: Final = 1_048_576  # bytes; several hundred gates fit many times


class FaceGateClient:
    """Speaks to one recognizer. Without a token only pairing and proving work."""

    def __init__(self, session: ClientSession, url: str, token: str | None = None) -> None:
        self._session = session
        self._base = URL(url) / "api" / "v1"
        self._token = token
        self.people = People(self._request)

    async def pair(self, code: str, name: str, *, persons: bool = False) -> Pairing:
        """Trade the one-time code for a token and the event key; ``name`` is how the recognizer lists the token.

        It stands in the trail of acts, beside the names of people. ``persons``: the token shall learn who somebody is,
        of those who agreed to it.
        """
        who = plain(f"Home Assistant ({name})")[:NAME_MOST].rstrip()
        body = {"code": code, "name": who, "scopes": [*SCOPES, PERSONS] if persons else list(SCOPES)}
        return Pairing.from_answer(await self._request("POST", "pair", json=body, token=False))

    def take_token(self, token: str) -> None:
        """Use another token from now on."""
        self._token = token

    async def give_back(self) -> None:
        """Have the token of this client revoked."""
        await self._request("DELETE", "token")

    async def stop_learning_persons(self) -> None:
        """Let the token of this client be good for everything but learning who somebody is."""
        await self._request("PATCH", "token", json={"scopes": list(SCOPES)})

    async def event_person(self, alias: str) -> Told | None:
        """Return who an event was about; ``None`` unless they agreed to that. An alias can be asked for once."""
        try:
            answer = await self._request("GET", f"events/{alias}")
        except RefusedError as error:
            if error.problem != "not_found":
                raise
            return None
        return Told.from_answer(answer)

    async def presence(self) -> dict[str, Told]:
        """Return who agreed to be told of, by what stands for them."""
        answer = await self._request("GET", "presence")
        if not isinstance(answer, list):
            raise UnexpectedAnswerError("the answer is no list of residents")
        agreed = [Told.from_answer(item) for item in answer]
        return {told.presence: told for told in agreed}

    async def proven_address(self, event_key: str, installation: str) -> str | None:
        """Return the address that the paired recognizer calls its own, ``None`` if somebody else answers.

        Sends no token, and the token may go to the returned address alone: whoever answers here may only have
        handed the question on.
        """
        nonce = secrets.token_hex(16)
        answer = Proof.from_answer(await self._request("GET", "proof", query={"nonce": nonce}, token=False))
        expected = prove(bytes.fromhex(event_key), nonce=nonce, installation=installation, api=answer.api)
        # Only ASCII can be compared, and JSON can carry what cannot even be encoded.
        proved = answer.proof.isascii() and hmac.compare_digest(answer.proof, expected)
        return answer.api if proved else None

    async def health(self) -> Health:
        """Return how the house stands."""
        return Health.from_answer(await self._request("GET", "health"))

    async def check_broker(self) -> None:
        """Let the recognizer look anew whom the broker lets in; :meth:`health` tells what it has found."""
        await self._request("POST", "broker/check", patience=SLOW)

    async def tell_pages(self, url: str) -> str:
        """Let residents' links lead to this address; return where they lead: the owner may have said otherwise."""
        answer = await self._request("PUT", "residents-address", json={"url": url})
        led = answer.get("url") if isinstance(answer, dict) else None
        if not isinstance(led, str):
            raise UnexpectedAnswerError("the answer is no address")
        return led

    async def take_back_pages(self) -> None:
        """Let residents' links lead where they led before."""
        await self._request("DELETE", "residents-address")

    async def gates(self) -> dict[str, Gate]:
        """Return the gates by id."""
        answer = await self._request("GET", "gates")
        if not isinstance(answer, list):
            raise UnexpectedAnswerError("the answer is no list of gates")
        gates = [Gate.from_answer(item) for item in answer]
        return {gate.id: gate for gate in gates}

    async def add_gate(self, name: str, *, trial: bool) -> NewGate:
        """Create a gate and return it with its node's key; ``trial``: its node is software and moves no door."""
        return NewGate.from_answer(await self._request("POST", "gates", json={"name": name, "trial": trial}))

    async def add_camera(self, gate: str, source: str, direction: str) -> None:
        """Give a gate the camera that is read from ``source``."""
        await self._request("POST", f"gates/{gate}/cameras", json={"source": source, "direction": direction})

    async def cameras(self, gate: str) -> list[GateCamera]:
        """Return the cameras of a gate; their addresses stay where they are."""
        answer = await self._request("GET", f"gates/{gate}/cameras")
        if not isinstance(answer, list):
            raise UnexpectedAnswerError("the answer is no list of cameras")
        return [GateCamera.from_answer(item) for item in answer]

    async def change_camera(self, gate: str, camera: str, source: str) -> None:
        """Let a gate's camera be read from another address."""
        await self._request("PATCH", f"gates/{gate}/cameras/{camera}", json={"source": source})

    async def open(self, gate: str, direction: str, *, issued_at: datetime) -> None:
        """Ask the recognizer to open; it signs, or refuses with a reason."""
        await self._request(
            "POST",
            f"gates/{gate}/open",
            json={"direction": direction, "issued_at": int(issued_at.timestamp() * 1000)},
            headers={"Idempotency-Key": secrets.token_hex(16)},
        )

    async def set_mode(self, gate: str, mode: str, *, seconds: int | None = None) -> None:
        """Set a gate's mode; ``seconds``: how long free passage lasts, the node's own maximum when left out."""
        body: dict[str, Any] = {"mode": mode} | ({} if seconds is None else {"seconds": seconds})
        await self._request("PUT", f"gates/{gate}/mode", json=body)

    async def switch_faces(self, gate: str, *, on: bool) -> None:
        """Switch a gate's face reader."""
        await self._request("PUT", f"gates/{gate}/face-reader", json={"on": on})

    async def _request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        token: bool = True,
        patience: ClientTimeout = TIMEOUT,
    ) -> Any:
        """Return the decoded answer; every failure of the transport and of the API gets its name here."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {self._token}"
        try:
            # A redirect is refused: it would lead the token to an address that proved nothing.
            async with self._session.request(
                method,
                self._base.joinpath(path),
                json=json,
                params=query,
                headers=sent,
                timeout=patience,
                allow_redirects=False,
            ) as response:
                status, body = response.status, bytearray()
                async for piece in response.content.iter_chunked(65_536):
                    body += piece
                    if len(body) > MAX_ANSWER:
                        raise UnexpectedAnswerError("the answer is too long")
        except (TimeoutError, ClientError) as error:
            raise UnreachableError(str(error)) from error
        return _read(status, body)


def _read(status: int, body: bytearray) -> Any:
    if status == HTTPStatus.UNAUTHORIZED:
        raise UnauthorizedError
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ThrottledError
    try:
        content = json.loads(body) if body else None
    except (ValueError, RecursionError) as error:
        raise UnexpectedAnswerError("the answer is not JSON") from error
    if status >= HTTPStatus.BAD_REQUEST:
        problem = content if isinstance(content, dict) else {}
        # The last word of a problem's type is the same in every language and version.
        raise RefusedError(str(problem.get("type", "")).rpartition(":")[2], str(problem.get("reason", "")))
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise UnexpectedAnswerError(f"the answer has status {status}")
    return content
