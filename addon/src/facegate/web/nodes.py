"""What a gate's node is flashed with, and new keys for it, over the API. Secrets are in the answer once and nowhere."""

import asyncio
import secrets
from collections.abc import Mapping
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from facegate import __version__
from facegate.adapters.boards import known_boards
from facegate.adapters.key_change import SlotInUseError
from facegate.core.audit import Act
from facegate.core.boards import BoardError, Lock, pick
from facegate.core.node_file import NodeSetup, Way, missing_secrets, node_secrets, node_yaml
from facegate.web.boards import labelled, wiring
from facegate.web.call import Answer, Call
from facegate.web.problems import INVALID, ProblemError
from facegate.web.services import Services

_HERE: Final = frozenset({"localhost", "core-mosquitto"})
"""Names of a broker that mean something on this machine alone."""
_GUESS: Final = "homeassistant.local"
_PORTS: Final = {True: 8883, False: 1883}


def chosen_setup(node: Mapping[str, Any]) -> NodeSetup:
    """Return the hardware that a request names; raises ProblemError where a board has no room for it."""
    try:
        board = pick(known_boards(), node["board"], node.get("network"))
        features = board.choose(node["features"] if "features" in node else board.usual())
    except BoardError as error:
        raise ProblemError(INVALID, str(error), errors=[{"at": "node/board", "says": "does not fit"}]) from error
    return NodeSetup(board.name, Lock(node["lock"]), features, __version__)


async def node_files(call: Call, gate: str, setup: NodeSetup, wish: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    """Return both files of a gate's node with fresh passwords, and how the board is wired."""
    board = known_boards()[setup.board]
    way, guessed = way_of(call.services, wish)
    ca = await asyncio.to_thread(_ca, call.services)
    known = node_secrets(
        board, way, gate=gate, key=key, mqtt_password=secrets.token_urlsafe(24), ota_password=secrets.token_urlsafe(24),
        ca=ca,
    )  # fmt: skip
    return {
        "file": f"{gate}.yaml",
        "yaml": node_yaml(board, setup, way, gate=gate, site=call.services.site),
        "secrets": known,
        "missing": missing_secrets(board, way, known),
        "guessed": guessed,
        "wiring": wiring(board.wiring(setup.features)),
        "note": labelled(board.note),
    }


async def change_key(call: Call) -> Answer:
    """Give a gate a new key.

    In ordinary times the node is told under the old key and goes over while it runs. After a compromise the old key is
    dead at once and the node has to be flashed with the new one, by cable.
    """
    services, gate = call.services, call.given["gate"]
    await asyncio.to_thread(services.store.gate, gate)
    who = call.bearer.name if call.bearer else ""
    rekeyed = partial(services.store.record_act, who, Act.REKEYED)
    if not call.body.get("compromised", False):
        try:
            state = await services.change_key(gate)
        except SlotInUseError as error:
            raise ProblemError(
                INVALID, str(error), errors=[{"at": "compromised", "says": "now only after a compromise"}]
            ) from error
        await asyncio.to_thread(rekeyed, reason=f"gate {gate}, by plan")
        return Answer({"state": state})
    # Before it happens: nothing of the old key is left after it.
    await asyncio.to_thread(rekeyed, reason=f"gate {gate}, after a compromise")
    key = await asyncio.to_thread(services.store.renew_gate_key, gate)
    await services.changed()
    setup = await asyncio.to_thread(services.store.node_setup, gate)
    content: dict[str, Any] = {"state": "flash", "key": key.hex()}
    if setup is not None:
        content["node_files"] = await node_files(call, gate, setup, call.body, key)
    return Answer(content)


def way_of(services: Services, wish: Mapping[str, Any]) -> tuple[Way, bool]:
    """How the node reaches the broker, and whether its name is a guess: our own may mean nothing in the network."""
    ours = services.broker
    tls = bool(wish.get("tls", ours.tls))
    guessed = "broker" not in wish and _is_here(ours.host)
    host = wish.get("broker", _GUESS if guessed else ours.host)
    port = wish.get("broker_port", _PORTS[tls] if guessed or tls != ours.tls else ours.port)
    return Way(host, int(port), tls), guessed


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in _HERE


def _ca(services: Services) -> str:
    """The authority that FaceGate itself checks the broker's certificate against."""
    file = services.broker.ca_file
    try:
        return Path(file).read_text(encoding="ascii") if file else ""
    except OSError, UnicodeDecodeError:
        return ""  # the answer names it as missing
