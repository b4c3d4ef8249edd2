"""What requests may hold and what answers do hold; validation and the OpenAPI description both come from here."""

from typing import Any, Final

import voluptuous as vol

from facegate.adapters.broker_safety import Anonymous
from facegate.adapters.supervisor import Lack
from facegate.contract.messages import DIRECTIONS, FIRES, REASONS
from facegate.contract.verbs import HINTS
from facegate.core.clock_trust import PROBLEMS as CLOCKS
from facegate.core.false_opens import HIGHEST, LOWEST
from facegate.core.guidance import Advice
from facegate.core.models import Mode
from facegate.core.problems import MACHINE
from facegate.core.quality import Fault
from facegate.core.site_rule import REASON
from facegate.residents.enrolment import Refusal
from facegate.residents.notices import FACE
from facegate.web.panel.roles import Role
from facegate.web.shapes import GATE, HEX32, HEX64, PERSON, Items, Number, Text, or_null, pattern
from facegate.web.tokens import GRANTABLE

_LATEST: Final = 4_102_444_800  # Unix seconds of the year 2100: beyond it is a mistake, such as milliseconds
_LATEST_MS: Final = _LATEST * 1000
_WEEK: Final = 604_800  # seconds; a gate that stands open for longer is not a gate
_MOST_PICTURES: Final = 50


NONCE = pattern("[0-9a-f]{32,64}", "32 to 64 hex digits")
IDEMPOTENCY_KEY = pattern("[A-Za-z0-9._:-]{16,128}", "16 to 128 of A-Z, a-z, 0-9 and '._:-'")
ISSUED_AT = Number(0, _LATEST_MS, whole=True)
_NAME = Text(1, 80)
_SECONDS_OF_PULSE = Number(0, 60_000, whole=True)  # ms; 0: the node's own; the node clamps to its own maximum
_SCOPES = Items(vol.In([str(scope) for scope in GRANTABLE]), least=1, most=len(GRANTABLE))
DIRECTION = vol.In(list(DIRECTIONS))
_MODE = vol.In([str(mode) for mode in Mode])
_WORDS = [str]

PAIR = vol.Schema(
    {
        vol.Required("code", description="The one-time code from the log or from 'facegate pair'."): Text(1, 40),
        vol.Required("name", description="Who asks; shown in the list of tokens."): _NAME,
        vol.Optional("scopes", description="What the token shall be good for; everything when left out."): _SCOPES,
    }
)
PAIRED = vol.Schema(
    {
        vol.Required("installation"): HEX32,
        vol.Required("site"): str,
        vol.Required("version"): str,
        vol.Required("api", description="The address that the recognizer calls its own."): str,
        vol.Required("mqtt_prefix", description="Where its MQTT topics begin."): str,
        vol.Required("token", description="Shown this once."): str,
        vol.Required("token_id"): str,
        vol.Required("scopes"): [str],
        vol.Required("event_key", description="Signs events and states; hex."): HEX64,
    }
)
PAIRING_CODE = vol.Schema(
    {vol.Required("code"): str, vol.Required("minutes", description="How long it is good for."): int}
)
TOKENS = vol.Schema([{vol.Required("id"): str, vol.Required("name"): str, vol.Required("scopes"): [str]}])

PROOF = vol.Schema(
    {
        vol.Required("installation"): HEX32,
        vol.Required("api", description="The only address that tokens may be sent to."): str,
        vol.Required("proof", description="HMAC under the event key; see docs/protocol.md."): HEX64,
    }
)

_COUNT: Final = vol.All(int, vol.Range(min=0))
BROKER_SAFETY: Final = {
    vol.Required("tls", description="Whether FaceGate's own connection to it is encrypted."): bool,
    vol.Required("same_machine", description="Whether it runs where FaceGate does, as far as is known."): bool,
    vol.Required("anonymous", description="What it does with somebody who gives no user name."): vol.In(
        [str(word) for word in Anonymous]
    ),
}
HEALTH = vol.Schema(
    {
        vol.Required("ok"): bool,
        vol.Optional("locked", description="Whether the site key waits for its passphrase: then nothing works."): bool,
        vol.Optional(
            "waiting", description="What FaceGate needs to start and has not got: then nothing works."
        ): vol.In([str(word) for word in Lack]),
        vol.Required("version"): str,
        vol.Optional("installation"): HEX32,
        vol.Optional("site"): str,
        vol.Optional("broker", description="Whether the MQTT broker is connected."): bool,
        vol.Optional("clock", description="Why the gates are told no time; empty if they are."): vol.In(["", *CLOCKS]),
        vol.Optional("unreadable", description="Ids of residents whose keys are missing or damaged."): [str],
        vol.Optional("problems", description="What is wrong with the house as a whole."): [vol.In(MACHINE)],
        vol.Optional("residents", description="How many an owner should look after; nobody's name."): {
            vol.Required("outdated", description="Who agreed to something else than what is done now."): _COUNT,
            vol.Required("leaving", description="Who will be erased soon, because their time here ends."): _COUNT,
            vol.Required("absent", description="Who will be erased soon, because no gate has seen them."): _COUNT,
        },
        vol.Optional("broker_safety", description="Whom the MQTT broker lets in."): BROKER_SAFETY,
        vol.Optional("gates"): [
            {
                vol.Required("id"): GATE,
                vol.Required("camera"): str,
                vol.Required("node"): str,
                vol.Required("problems"): _WORDS,
            }
        ],
    }
)

NEW_GATE = vol.Schema(
    {
        vol.Optional("id", description="Its name on the wire, for ever; made from the name when left out."): GATE,
        vol.Required("name"): _NAME,
        vol.Optional("pulse_ms", description="How long the relay closes; 0 for the node's own time."): (
            _SECONDS_OF_PULSE
        ),
        vol.Optional("trial", description="Its node is software and moves no door; it never becomes another."): bool,
    }
)
GATE_CHANGE = vol.Schema(
    {
        vol.Optional("name"): _NAME,
        vol.Optional("pulse_ms"): _SECONDS_OF_PULSE,
        vol.Optional("phone", description="Whether residents' own phones may open it."): bool,
        vol.Optional("readers", description="What its node reads, where its hardware is not known."): (
            Items(vol.In(["card", "pin"]), most=2)
        ),
    }
)
_LIST_STATES: Final = ("none", "waiting", "sending", "in_force", "refused", "two_factor")
_GATE_LIST = vol.Schema(
    {
        vol.Required("state"): vol.In(list(_LIST_STATES)),
        vol.Required("version", description="In force at the node; 0 for none."): int,
        vol.Required("expires", description="Unix seconds; 0 for never."): int,
        vol.Required("entries", description="That it should have."): int,
        vol.Required("capacity", description="That its node holds."): int,
        vol.Required("left_out", description="Cards and PINs for which there is no room."): int,
        vol.Required("stale", description="Cards to be learned anew after a change of the key."): int,
        vol.Required("sent", description="Chunks, while it is sent."): int,
        vol.Required("chunks"): int,
        vol.Required("detail", description="The node's words of a refusal."): str,
    }
)
_TALLY = vol.Schema(
    {
        vol.Required("passages", description="People who went through today, in any direction."): int,
        vol.Required("inside", description="Who came in here and did not go out here; null where nobody can know."): (
            or_null(int)
        ),
        vol.Required("unsure", description="How many of them nobody has told the way of."): int,
        vol.Required("since", description="When that count began, in Unix seconds."): vol.Any(int, float),
        vol.Required("site_inside", description="By all gates together; null where nobody can know."): or_null(int),
    }
)
_GATE_MEMBERS: dict[Any, Any] = {
    vol.Required("id"): GATE,
    vol.Required("name"): str,
    vol.Required("mode"): _MODE,
    vol.Required("pulse_ms"): int,
    vol.Required("trial", description="Its node is software and moves no door."): bool,
    vol.Required("faces", description="Whether its face reader is on."): bool,
    vol.Required("phone", description="Whether residents' own phones may open it."): bool,
    vol.Required("readers", description="What the owner says that its node reads."): [vol.In(["card", "pin"])],
    vol.Required("camera", description="ok, silent or off."): str,
    vol.Required("node", description="online, silent or offline."): str,
    vol.Required("problems"): _WORDS,
    vol.Required("waits", description="Whether the node has still to take over the lockdown."): bool,
    vol.Required("free_until", description="When free passage ends, in Unix seconds, where that is known."): (
        or_null(vol.Any(int, float))
    ),
    vol.Required("state", description="The node's own word: closed, open or fire; empty before its first."): str,
    vol.Required("fire", description="latched: the contact is quiet, the gate stays released until a reset."): (
        vol.In(list(FIRES))
    ),
    vol.Required("tamper", description="Whether the node's case is open."): bool,
    vol.Required("held", description="Whether the door stays open for too long."): bool,
    vol.Required("refused", description="Lines that the node has not believed since it started."): int,
    vol.Required("lost", description="Events of the node that never arrived, since the service began."): int,
    vol.Required("list_version", description="Of the node's list of cards and PINs; 0 for none."): int,
    vol.Required("heard_at", description="When the node was last heard, in Unix seconds; null for not yet."): (
        or_null(vol.Any(int, float))
    ),
    vol.Required("acked_at", description="When it last answered a command; null for not yet."): (
        or_null(vol.Any(int, float))
    ),
    vol.Required("prompt", description="What whoever stands there is asked to do; empty for nothing."): (
        vol.In(["", *map(str, Advice)])
    ),
    vol.Required("list", description="How its list of cards and PINs does."): _GATE_LIST,
    vol.Required("tally", description="Numbers of people, and nobody among them."): _TALLY,
    vol.Required("pattern", description="What its lamp shows of what was asked and decided; empty for nothing."): (
        vol.In(["", *HINTS])
    ),
}
GATE_ANSWER = vol.Schema(_GATE_MEMBERS)
GATE_MADE = vol.Schema(
    {
        **_GATE_MEMBERS,
        vol.Required("key", description="The key that the gate's node is flashed with; shown this once."): HEX64,
    }
)
GATES_ANSWER = vol.Schema([_GATE_MEMBERS])


ENROL = vol.Schema(
    {
        vol.Required("name", description="What somebody new is called; or the name or id of a resident."): _NAME,
        vol.Required("pictures", description="Files on the machine that FaceGate runs on, by their whole path."): (
            Items(pattern(r"/[^\0]{1,4095}", "a whole path"), least=1, most=_MOST_PICTURES)
        ),
        vol.Required("language", description="In which the resident was given the notice."): vol.In([*FACE, "zh"]),
        vol.Required("channel", description="How the resident consented, for the record."): Text(1, 120),
        vol.Optional("person", description="The Home Assistant person this is."): or_null(PERSON),
    }
)
ENROLLED = vol.Schema(
    {
        vol.Required("resident", description="Null where somebody new was not enrolled."): or_null(str),
        vol.Required("accepted", description="How many pictures gave a template."): int,
        vol.Required("pictures"): [
            {
                vol.Required("name"): str,
                vol.Required("refused", description="Why; empty for a picture that was used."): [
                    vol.In([str(reason) for reason in (*Fault, *Refusal)])
                ],
                vol.Required("hints", description="What would make a better picture than this one that was used."): [
                    vol.In([str(reason) for reason in Fault])
                ],
                vol.Required("detail"): str,
            }
        ],
        vol.Required("duplicate", description="Whose face this is already."): or_null(str),
        vol.Required("alike", description="Residents who look so much alike that the gate may not tell them apart."): [
            {vol.Required("name"): str, vol.Required("score"): vol.Any(int, float)}
        ],
    }
)

MEMBER_ID = pattern(r"[A-Za-z0-9_.@-]{1,64}", "1 to 64 of A-Z, a-z, 0-9, '_', '.', '@' and '-'")
_ROLE = vol.In(tuple(map(str, Role)))
_MEMBER: dict[Any, Any] = {vol.Required("name"): Text(1, 100), vol.Required("role"): _ROLE}
MEMBER = vol.Schema(
    {**_MEMBER, vol.Optional("password", description="For a panel without Home Assistant."): Text(12, 200)}
)
MEMBER_ANSWER = vol.Schema({vol.Required("id"): str, **_MEMBER})
MEMBERS = vol.Schema([MEMBER_ANSWER])
OPEN = vol.Schema(
    {
        vol.Required("direction"): DIRECTION,
        vol.Required("issued_at", description="When the wish was made: Unix time in ms, by a clock that is right."): (
            ISSUED_AT
        ),
    }
)
_REASON = vol.Required("reason", description="Why, kept in the record.")
GUARD = vol.Schema({**OPEN.schema, _REASON: Text(1, 200)})
MODE = vol.Schema(
    {
        vol.Required("mode"): _MODE,
        vol.Optional("seconds", description="How long 'free' lasts; the node cuts it to its own maximum."): Number(
            1, _WEEK, whole=True
        ),
    }
)
_TOLD: dict[Any, Any] = {
    vol.Required("result", description="done, or why the node has not done it."): str,
    vol.Required("said", description="More of it, in the node's own words."): str,
}
ORDER_ANSWER = vol.Schema(_TOLD)
MODE_SET = vol.Schema(
    {
        vol.Required("mode"): _MODE,
        vol.Required("seconds", description="How long it lasts by the node's own word; 0 for until the next."): int,
        vol.Required("confirmed", description="false: the recognizer keeps to the lockdown, the node not yet."): bool,
        **_TOLD,
    }
)
ORDERS = vol.Schema(
    [
        {
            vol.Required("number"): int,
            vol.Required("gate"): GATE,
            vol.Required("at"): vol.Any(int, float),
            vol.Required("actor", description="The name of the token that it was told with."): str,
            vol.Required("what", description="A mode, or reset."): str,
            vol.Required("seconds"): int,
            vol.Required("result", description="null: under way, or a lockdown that the node has not taken over."): (
                or_null(str)
            ),
            vol.Required("detail"): or_null(str),
            vol.Required("completed_at"): or_null(vol.Any(int, float)),
        }
    ]
)
OPENED = vol.Schema(
    {
        vol.Required("opening", description="Names this opening in events and records."): str,
        vol.Required("result"): str,
        vol.Required("reason"): vol.In(list(REASONS)),
    }
)

PRESS = vol.Schema(
    {
        vol.Required("direction"): DIRECTION,
        vol.Required("issued_at", description="When it was pressed: Unix time in ms, by a clock that is right."): (
            ISSUED_AT
        ),
    }
)
PRESSED = vol.Schema(
    {
        vol.Required("cameras", description="How many cameras look now for whoever stands nearest."): int,
        vol.Required("seconds", description="For how long they do."): vol.Any(int, float),
    }
)

_NUMBER = vol.Any(int, float)
RECOGNITION_CHANGE = vol.Schema(
    {
        vol.Optional("threshold", description="Least similarity (cosine) to a resident."): Number(LOWEST, HIGHEST),
        vol.Optional("reason", description="Why it may be below what the report allows; kept in the record."): Text(
            *REASON
        ),
        vol.Optional("strangers_per_day", description="How many act at the gates who do not live here."): Number(
            0, 1_000_000
        ),
        vol.Optional("false_opens_per_year", description="How many of them may be let in."): Number(0.001, 1_000_000),
    }
)
RECOGNITION = vol.Schema(
    {
        vol.Required("threshold"): _NUMBER,
        vol.Required("least", description="The lowest threshold that needs no reason."): _NUMBER,
        vol.Required("reason", description="Why it is below that; empty where it is not."): str,
        vol.Required("strangers_per_day"): or_null(_NUMBER),
        vol.Required("false_opens_per_year"): or_null(_NUMBER),
        vol.Required("residents", description="How many people are enrolled."): int,
        vol.Required("stale", description="Whether so many residents ask for a higher threshold than this."): bool,
        vol.Required("expected", description="Strangers let in a year, with a 95 % interval; null without a goal."): (
            or_null(vol.Schema({vol.Required(name): _NUMBER for name in ("value", "low", "high")}))
        ),
    }
)
CALIBRATION = vol.Schema(
    {
        vol.Required("rule"): {
            vol.Required("threshold"): _NUMBER,
            vol.Required("goal"): or_null(
                vol.Schema({vol.Required(name): _NUMBER for name in ("strangers_per_day", "false_opens_per_year")})
            ),
            vol.Required("reason"): str,
            vol.Required("residents", description="How many were enrolled when it was set."): int,
        },
        vol.Required("templates"): int,
        vol.Required("people"): [
            {
                vol.Required("name"): str,
                vol.Required("templates"): int,
                vol.Required("lowest"): or_null(_NUMBER),
                vol.Required("middle"): or_null(_NUMBER),
                vol.Required("nearest"): or_null(_NUMBER),
            }
        ],
        vol.Required("pairs", description="The most alike first."): [
            {vol.Required("one"): str, vol.Required("other"): str, vol.Required("score"): _NUMBER}
        ],
        vol.Required("compared"): int,
    }
)

PROBLEM = vol.Schema(
    {
        vol.Required("type", description="A URN; its last part is a translation key."): str,
        vol.Required("title"): str,
        vol.Required("status"): int,
        vol.Required("detail", description="What to do about it."): str,
    },
    extra=vol.ALLOW_EXTRA,
)
