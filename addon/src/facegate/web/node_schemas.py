"""What requests about boards, node files, keys and the installer's walk may hold, and what their answers do hold."""

from typing import Any, Final

import voluptuous as vol

from facegate.core.boards import FEATURES, NETWORKS, Lock
from facegate.core.commissioning_sheet import Missing
from facegate.core.commissioning_steps import StepState
from facegate.web import schemas
from facegate.web.shapes import GATE, HEX64, Items, Number, Text

_LANGUAGES: Final = ("en", "zh-Hans")
_LABEL = {vol.Required(language): str for language in _LANGUAGES}
_FEATURE = vol.In(list(FEATURES))
_LOCK = vol.In([str(lock) for lock in Lock])

_TERMINAL = {
    vol.Required("terminal"): str,
    vol.Required("label"): _LABEL,
    vol.Required("gpio"): int,
    vol.Required("feature", description="The package that it belongs to; empty for a relay."): str,
    vol.Required("wire", description="How it is connected."): _LABEL,
}
_WAY: dict[Any, Any] = {
    vol.Optional("broker", description="The broker's name or address as the node reaches it."): Text(1, 253),
    vol.Optional("broker_port"): Number(1, 65_535, whole=True),
    vol.Optional(
        "tls", description="Whether the node speaks TLS with the broker; as FaceGate itself by default."
    ): bool,
}

BOARDS = vol.Schema(
    [
        {
            vol.Required("name"): str,
            vol.Required("about"): str,
            vol.Required("network"): vol.In(sorted(set(NETWORKS.values()))),
            vol.Required("tried", description="Whether anybody has tried the file on hardware."): bool,
            vol.Required("note"): _LABEL,
            vol.Required("features", description="Everything that it has room for."): [
                {vol.Required("name"): str, vol.Required("label"): _LABEL, vol.Required("usual"): bool}
            ],
            vol.Required("one_of", description="Of each group one; 'a + b' go together."): [[str]],
            vol.Required("instead", description="What fits in place of others."): [
                {vol.Required("feature"): str, vol.Required("others"): [str]}
            ],
            vol.Required("wiring"): [_TERMINAL],
        }
    ]
)
NODE: Final = vol.Schema(
    {
        vol.Required("board", description="The name of a board, as GET /boards lists them."): Text(1, 64),
        vol.Required("lock"): _LOCK,
        vol.Optional("network"): vol.In(sorted(set(NETWORKS.values()))),
        vol.Optional("features", description="What is wired; exit, fire and beam when left out."): (
            Items(_FEATURE, most=len(FEATURES))
        ),
        **_WAY,
    }
)
NODE_FILES: Final = vol.Schema(
    {
        vol.Required("file", description="What to call the file that ESPHome builds."): str,
        vol.Required("yaml"): str,
        vol.Required("secrets", description="For secrets.yaml beside it; shown this once."): {str: str},
        vol.Required("missing", description="Secrets that only the owner knows."): [str],
        vol.Required("guessed", description="The broker's address is a guess: see that the node reaches it."): bool,
        vol.Required("wiring"): [_TERMINAL],
        vol.Required("note"): _LABEL,
    }
)

NEW_GATE = vol.Schema({**schemas.NEW_GATE.schema, vol.Optional("node", description="Its hardware."): NODE.schema})
GATE_MADE = vol.Schema({**schemas.GATE_MADE.schema, vol.Optional("node_files"): NODE_FILES.schema})

NEW_KEY = vol.Schema(
    {
        vol.Optional(
            "compromised",
            description="The old key is in wrong hands: it dies at once, and the node is to be flashed anew.",
        ): bool,
        **_WAY,
    }
)
KEY_CHANGED = vol.Schema(
    {
        vol.Required(
            "state",
            description="changed: node and recognizer have gone over; pending: the node is told when it answers; "
            "flash: the old key is dead, flash the node with the new one.",
        ): vol.In(["changed", "pending", "flash"]),
        vol.Optional("key", description="The new key; shown this once."): HEX64,
        vol.Optional("node_files"): NODE_FILES.schema,
    }
)

_RESULT = {
    vol.Required("step"): str,
    vol.Required("label"): _LABEL,
    vol.Required("do"): _LABEL,
    vol.Required("question"): vol.Any(_LABEL, None),
    vol.Required("state"): vol.In([str(state) for state in StepState]),
    vol.Required("why"): str,
    vol.Required("seen"): [str],
}
_MISSING = [{vol.Required("what"): vol.In([str(what) for what in Missing]), vol.Required("label"): _LABEL}]
SHEET = vol.Schema({vol.Required("at"): vol.Any(int, float)}, extra=vol.ALLOW_EXTRA)
WALK = vol.Schema(
    {
        vol.Required("gate"): GATE,
        vol.Required("usable", description="Whether the gate may open for people."): bool,
        vol.Required("walk", description="Null when none is under way."): vol.Any(
            vol.Schema(
                {
                    vol.Required("current"): vol.Any(str, None),
                    vol.Required("next"): vol.Any(str, None),
                    vol.Required("seconds_left"): vol.Any(int, float),
                    vol.Required("over"): bool,
                    vol.Required("steps"): [_RESULT],
                }
            ),
            None,
        ),
        vol.Required("missing", description="What the last sheet lacks."): _MISSING,
        vol.Required("sheet", description="The last sheet; null before the first."): vol.Any(SHEET, None),
    }
)
WALK_ACTION = vol.Schema(
    {
        vol.Required("action"): vol.In(["start", "begin", "yes", "no", "skip", "drop"]),
        vol.Optional("step"): Text(1, 40),
        vol.Optional("reason", description="Why a step is left out."): Text(1, 200),
    }
)
ATTEST = vol.Schema(
    {
        vol.Required("installer", description="Who answers for it."): Text(1, 80),
        vol.Required("hardware_exit", description="With the node's plug pulled, the exit button opens."): bool,
        vol.Required("hardware_fire", description="With the node's plug pulled, the fire alarm releases."): bool,
        vol.Optional("inside_handle", description="A handle inside opens without any current."): bool,
        vol.Optional("language"): vol.In(list(_LANGUAGES)),
    }
)
SHEET_MADE = vol.Schema(
    {
        vol.Required("passed"): bool,
        vol.Required("missing"): _MISSING,
        vol.Required("sheet"): SHEET,
        vol.Required("html", description="The result sheet, one file to keep and to print."): str,
        vol.Required("text"): str,
    }
)
