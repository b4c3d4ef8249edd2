"""The two files of a gate's node: what ESPHome builds, pinned to a release of ours, and the secrets that it needs.

Pure text. Secrets are named after the gate, so that several gates can share one folder and one ``secrets.yaml``.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

from facegate.core.boards import Board, Lock

REPOSITORY: Final = "https://github.com/facegate/facegate"
ESPHOME: Final = "2026.10.0"
"""The oldest ESPHome that has everything the packages use."""

_LONGEST_NAME: Final = 31  # characters of a node's name, as ESPHome allows
_SECRET_LINE = re.compile(r"^(\w[\w-]*):")


@dataclass(frozen=True, slots=True)
class NodeSetup:
    """What a gate's node is made of. ``features``: as ``Board.choose`` gives them; ``release``: of the files."""

    board: str
    lock: Lock
    features: tuple[str, ...]
    release: str


@dataclass(frozen=True, slots=True)
class Way:
    """How the node reaches its broker."""

    host: str
    port: int
    tls: bool


def packages(board: Board, setup: NodeSetup, way: Way) -> list[str]:
    """The files of the release that make this node, in the order in which they are read."""
    names = ["gate", "mqtt", *(["mqtt-tls"] if way.tls else []), board.network_package, "ota", *setup.features]
    return [f"boards/{board.name}.yaml", *(f"packages/{name}.yaml" for name in names)]


def node_name(gate: str) -> str:
    """What the node is called in the network; a long id is cut, and what is cut away still tells two gates apart."""
    name = f"facegate-{gate}"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 5].rstrip('-')}-{hashlib.sha256(gate.encode()).hexdigest()[:4]}"


def node_yaml(board: Board, setup: NodeSetup, way: Way, *, gate: str, site: str) -> str:
    """Return the file that ESPHome builds. It holds no secret."""
    files = "".join(f"      - {file}\n" for file in packages(board, setup, way))
    secrets = {
        "gate_key": _own(gate, "gate_key"),
        "mqtt_username": _own(gate, "mqtt_username"),
        "mqtt_password": _own(gate, "mqtt_password"),
        **({"mqtt_ca": "mqtt_ca"} if way.tls else {}),
        **({"wifi_ssid": "wifi_ssid", "wifi_password": "wifi_password"} if board.network == "wifi" else {}),
        "ota_password": _own(gate, "ota_password"),
    }
    lines = "".join(f"  {name}: !secret {secret}\n" for name, secret in secrets.items())
    ref = f"    url: {REPOSITORY}\n    ref: v{setup.release}\n"
    source = ref.replace("    ", "      ")
    return (
        f"# The node of gate '{gate}' on site '{site}', written by FaceGate {setup.release}.\n"
        f"# Board: {board.about}. Lock: {setup.lock}.\n"
        "# The secrets stand in secrets.yaml beside this file. Flashing: docs/flashing.md.\n"
        "substitutions:\n"
        f"  node_name: {node_name(gate)}\n"
        f"  site: {site}\n"
        f"  gate_id: {gate}\n"
        f"  lock_type: {setup.lock.lock_type}\n"
        f"  broker: {json.dumps(way.host)}\n"
        f'  broker_port: "{way.port}"\n'
        f"{lines}\n"
        "esphome:\n"
        "  name: ${node_name}\n"
        f"  min_version: {ESPHOME}  # older ones lack what some packages use\n\n"
        "logger:\n"
        "  level: INFO\n\n"
        "# A release, never a branch: what is on a branch tomorrow nobody has tested.\n"
        "packages:\n"
        "  facegate:\n"
        f"{ref}"
        "    path: esphome_configs\n"
        "    files:\n"
        f"{files}"
        "external_components:\n"
        "  - source:\n"
        "      type: git\n"
        f"{source}"
        "      path: esphome_configs/components\n"
    )


def node_secrets(
    board: Board, way: Way, *, gate: str, key: bytes, mqtt_password: str, ota_password: str, ca: str = ""
) -> dict[str, str]:
    """Return the secrets of this node that FaceGate knows; :func:`missing_secrets` names the others."""
    return {
        _own(gate, "gate_key"): key.hex(),
        _own(gate, "mqtt_username"): f"facegate-{gate}",
        _own(gate, "mqtt_password"): mqtt_password,
        _own(gate, "ota_password"): ota_password,
        **({"mqtt_ca": ca} if way.tls and ca else {}),
    }


def missing_secrets(board: Board, way: Way, known: dict[str, str]) -> list[str]:
    """The secrets that only the owner knows."""
    shared = [*(["mqtt_ca"] if way.tls else []), *(["wifi_ssid", "wifi_password"] if board.network == "wifi" else [])]
    return [name for name in shared if name not in known]


class SecretExistsError(ValueError):
    """A secret of this name is in the file already, with another value; ``name`` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def merge_secrets(text: str, new: dict[str, str], *, replace: frozenset[str] = frozenset()) -> str:
    """Return ``secrets.yaml`` with ``new`` in it, every other line as it was.

    Names in ``replace`` take the place of what stood there; any other name that is there raises SecretExistsError
    unless it stands there with the same value.
    """
    blocks = _blocks(text)
    there = {name: number for number, (name, _) in enumerate(blocks) if name}
    for name, value in new.items():
        block = _entry(name, value)
        if name not in there:
            if blocks and not blocks[-1][1].endswith("\n"):
                blocks[-1] = (blocks[-1][0], blocks[-1][1] + "\n")
            blocks.append((name, block))
        elif name in replace:
            blocks[there[name]] = (name, block)
        elif blocks[there[name]][1].strip() != block.strip():
            raise SecretExistsError(name)
    return "".join(block for _, block in blocks)


def secret_names(text: str) -> frozenset[str]:
    """The names of the secrets in a file."""
    return frozenset(name for name, _ in _blocks(text) if name)


def gate_key_name(gate: str) -> str:
    """What the gate's key is called in ``secrets.yaml``."""
    return _own(gate, "gate_key")


def _own(gate: str, name: str) -> str:
    return f"{gate.replace('-', '_')}_{name}"


def _entry(name: str, value: str) -> str:
    if "\n" not in value:
        return f"{name}: {json.dumps(value)}\n"  # a JSON string is a YAML string
    return f"{name}: |\n" + "".join(f"  {line}\n" for line in value.strip().splitlines())


def _blocks(text: str) -> list[tuple[str, str]]:
    """The file in pieces: (name, its lines); a piece without a name is what stands before the first one."""
    blocks: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        found = _SECRET_LINE.match(line)
        if found or not blocks:
            blocks.append((found[1] if found else "", line))
        else:
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + line)
    return blocks
