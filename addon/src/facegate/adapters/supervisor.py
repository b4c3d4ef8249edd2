"""Home Assistant's Supervisor: which broker this app may use, and telling Home Assistant that it is here."""

import os
import socket
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import aiohttp
import voluptuous as vol

from facegate.settings import Broker, Settings

URL: Final = os.environ.get("FACEGATE_SUPERVISOR", "http://supervisor")
"""Where the Supervisor answers inside every app; what proves the image names another."""
TOKEN_VARIABLE: Final = "SUPERVISOR_TOKEN"  # noqa: S105  # the name of the variable, not a token
DISCOVERY: Final = "facegate"
"""What Home Assistant hands a discovery to: the integration's domain, also named in the app's config.yaml."""

_PATIENCE: Final = aiohttp.ClientTimeout(total=10)  # the Supervisor is on the same machine

_MQTT = vol.Schema(
    {
        vol.Required("host"): vol.All(str, vol.Length(min=1)),
        vol.Required("port"): vol.All(vol.Coerce(int), vol.Range(min=1, max=65535)),
        vol.Optional("username"): vol.Any(str, None),
        vol.Optional("password"): vol.Any(str, None),
        vol.Optional("ssl"): bool,
    },
    extra=vol.REMOVE_EXTRA,
)
_SELF = vol.Schema({vol.Required("hostname"): vol.All(str, vol.Length(min=1))}, extra=vol.REMOVE_EXTRA)
_MADE = vol.Schema({vol.Required("uuid"): str}, extra=vol.REMOVE_EXTRA)


class Lack(StrEnum):
    """What is missing while the settings cannot be completed."""

    SUPERVISOR = "supervisor"
    BROKER = "broker"


class SupervisorError(Exception):
    """The Supervisor did not do what was asked; the text is one sentence that says what to do.

    Any of them may pass: the Supervisor starts and is updated, and a broker is installed, while this app runs.
    """

    lack = Lack.SUPERVISOR


class NoBrokerError(SupervisorError):
    """Home Assistant has no broker, or not yet."""

    lack = Lack.BROKER


async def complete(settings: Settings, *, url: str = URL) -> Settings:
    """Return the settings with what the Supervisor knows and the owner left open; unchanged where there is none.

    Raises SupervisorError.
    """
    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        return settings
    async with aiohttp.ClientSession() as session:
        supervisor = Supervisor(session, token, url)
        if settings.broker == Broker():
            broker = await supervisor.mqtt_service()
            if broker is None:
                raise NoBrokerError(
                    "Home Assistant has no MQTT broker: install and start the Mosquitto broker app, or name another "
                    "broker in this app's options."
                )
            settings = replace(settings, broker=broker)
        if not settings.api_url:
            settings = replace(settings, api_url=f"http://{await _own_name(supervisor)}:{settings.api_port}")
        if not settings.residents_url:
            # The name that Home Assistant's own system announces to phones in its network.
            scheme = "https" if settings.residents_certificate else "http"
            url = f"{scheme}://homeassistant.local:{settings.residents_port}"
            settings = replace(settings, residents_url=url, residents_url_guessed=True)
    return settings


async def announce(settings: Settings, installation: str, *, url: str = URL) -> None:
    """Let Home Assistant propose this recognizer, where a Supervisor runs it. Raises SupervisorError."""
    token = os.environ.get(TOKEN_VARIABLE)
    if token:
        async with aiohttp.ClientSession() as session:
            await Supervisor(session, token, url).announce(
                installation=installation, site=settings.site, api=settings.api_url
            )


async def _own_name(supervisor: Supervisor) -> str:
    """Return the name under which Home Assistant reaches this app.

    The Supervisor gives it to the container as well, so no gate waits for a Supervisor that is silent.
    """
    try:
        return await supervisor.hostname()
    except SupervisorError:
        return socket.gethostname()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    data: dict[str, Any]


class Supervisor:
    """Speaks to the Supervisor with the token that it gave this app."""

    def __init__(self, session: aiohttp.ClientSession, token: str, url: str = URL) -> None:
        self._session = session
        self._token = token
        self._url = url

    async def mqtt_service(self) -> Broker | None:
        """Return the broker that Home Assistant uses, ``None`` where there is none. Raises SupervisorError."""
        answer = await self._ask("GET", "/services/mqtt")
        if answer.status == 400:  # how the Supervisor says that nobody provides the service
            return None
        found = _parse(_MQTT, answer, "about the MQTT broker")
        return Broker(
            host=found["host"],
            port=found["port"],
            username=found.get("username") or "",
            password=found.get("password") or "",
            tls=found.get("ssl", False),
        )

    async def hostname(self) -> str:
        """Return the name under which Home Assistant reaches this app. Raises SupervisorError."""
        found = _parse(_SELF, await self._ask("GET", "/addons/self/info"), "about this app's name")
        return str(found["hostname"])

    async def announce(self, *, installation: str, site: str, api: str) -> str:
        """Propose this recognizer to Home Assistant and return the id of the proposal. Raises SupervisorError.

        No secret is in it: pairing asks for the code, and an existing pairing is not changed by it.
        """
        config = {"installation": installation, "site": site, "api": api}
        answer = await self._ask("POST", "/discovery", {"service": DISCOVERY, "config": config})
        return str(_parse(_MADE, answer, "to being announced")["uuid"])

    async def withdraw(self, proposal: str) -> None:
        """Take a proposal back. Raises SupervisorError."""
        _parse(vol.Schema({}, extra=vol.REMOVE_EXTRA), await self._ask("DELETE", f"/discovery/{proposal}"), "")

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> _Answer:
        try:
            async with self._session.request(
                method,
                self._url + path,
                json=body,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=_PATIENCE,
                allow_redirects=False,
            ) as response:
                content = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SupervisorError(
                "Home Assistant's Supervisor does not answer: restart Home Assistant, or name the broker in this app's "
                "options."
            ) from error
        data = content.get("data") if isinstance(content, dict) else None
        return _Answer(response.status, data if isinstance(data, dict) else {})


def _parse(checks: vol.Schema, answer: _Answer, about: str) -> dict[str, Any]:
    if answer.status >= 300:
        raise SupervisorError(
            f"Home Assistant's Supervisor refuses ({answer.status}): reinstall this app, so that it gets its rights."
        )
    try:
        data: dict[str, Any] = checks(answer.data)
    except vol.Invalid as error:
        raise SupervisorError(
            f"Home Assistant's Supervisor answers {about} in a way that is not understood: update Home Assistant and "
            "this app."
        ) from error
    return data
