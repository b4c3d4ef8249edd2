"""ESPHome component of a FaceGate gate node: what may be configured, and what may not stand beside it."""

import re
from typing import Any

import esphome.codegen as cg
import esphome.config_validation as cv
import esphome.final_validate as fv
from esphome import automation
from esphome.components import binary_sensor, output
from esphome.const import (
    CONF_AP,
    CONF_CLEAN_SESSION,
    CONF_DISCOVERY,
    CONF_ID,
    CONF_INTERNAL,
    CONF_KEY,
    CONF_NAME,
    CONF_ON_JSON_MESSAGE,
    CONF_ON_MESSAGE,
    CONF_OUTPUT,
    CONF_PASSWORD,
    CONF_PLATFORM,
    CONF_REBOOT_TIMEOUT,
    CONF_TRIGGER_ID,
)

CODEOWNERS: list[str] = []
DEPENDENCIES = ["mqtt"]
AUTO_LOAD = ["hmac_sha256", "output", "binary_sensor"]

facegate_gate_ns = cg.esphome_ns.namespace("facegate_gate")
FacegateGate = facegate_gate_ns.class_("FacegateGate", cg.Component)
HintTrigger = facegate_gate_ns.class_("HintTrigger", automation.Trigger.template(cg.uint32))
Pattern = cg.global_ns.namespace("facegate").enum("Pattern", is_class=True)

CONF_SITE = "site"
CONF_GATE_ID = "gate_id"
CONF_RELAY = "relay"
CONF_RELAY_2 = "relay_2"
CONF_LOCK_TYPE = "lock_type"
CONF_PULSE = "pulse"
CONF_MAX_PULSE = "max_pulse"
CONF_EXIT_BUTTON = "exit_button"
CONF_EXIT_RELAY = "exit_relay"
CONF_FIRE_INPUT = "fire_input"
CONF_PASSAGE_SENSOR = "passage_sensor"
CONF_SECOND_PASSAGE_SENSOR = "second_passage_sensor"
CONF_PASSAGE_TIMEOUT = "passage_timeout"
CONF_FIRE_RESET = "fire_reset"
CONF_DOOR_CONTACT = "door_contact"
CONF_HELD_AFTER = "held_after"
CONF_TAMPER_CONTACT = "tamper_contact"
CONF_PRESS_BUTTON = "press_button"
CONF_PRESS_RELAY = "press_relay"
CONF_MAX_FREE = "max_free"
CONF_DEBOUNCE = "debounce"
CONF_TWO_FACTOR = "two_factor"
CONF_ON_HINT = "on_hint"
CONF_PATTERN = "pattern"

# In the order of HINTS in gate_core.h.
HINTS = ("granted", "denied", "wait", "closer", "look", "fault", "challenge_left", "challenge_right")

FAIL_SECURE = "fail_secure"
FAIL_SAFE = "fail_safe"

# Whoever can write to the broker could move these: ESPHome gives each an unsigned command topic.
MOVABLE_DOMAINS = ("switch", "lock", "button", "cover", "valve")
MOVABLE_PLATFORMS = ("template", "gpio", "output")

# What may be given an output to move, beside those.
OUTPUT_DOMAINS = (*MOVABLE_DOMAINS, "light", "fan")

# What would let a stranger in beside the signed lines, and why.
FORBIDDEN = {
    "captive_portal": "it opens an unprotected page that flashes firmware when the Wi-Fi is lost",
    "web_server": "its buttons and its update page know no signature",
    "api": "a native API client could switch outputs without a signature; MQTT is the one way in",
}


def gate_key(value: Any) -> str:
    """32 random bytes in hex, as ``facegate gate add`` makes them."""
    text: str = cv.string_strict(value).lower()
    if re.fullmatch(r"[0-9a-f]{64}", text) is None:
        raise cv.Invalid("the gate's key has 64 hex digits; copy it from the panel, or make one: openssl rand -hex 32")
    # 32 random bytes have about 30 different values; fewer than 16 happens once in 10^15 keys.
    if len(set(bytes.fromhex(text))) < 16:
        raise cv.Invalid("this key is not random; make one with: openssl rand -hex 32")
    return text


def wire_id(value: Any) -> str:
    """An id that may stand in a topic and in a signed line."""
    text: str = cv.string_strict(value)
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", text) is None:
        raise cv.Invalid("an id has 1 to 32 of a-z, 0-9 and '-', and does not start with '-'")
    return text


def milliseconds(least: int, most: int) -> Any:
    """A time between two bounds."""
    bounds = cv.Range(min=cv.TimePeriod(milliseconds=least), max=cv.TimePeriod(milliseconds=most))
    return cv.All(cv.positive_time_period_milliseconds, bounds)


def seconds(least: int, most: int) -> Any:
    """A whole number of seconds between two bounds."""
    bounds = cv.Range(min=cv.TimePeriod(seconds=least), max=cv.TimePeriod(seconds=most))
    return cv.All(cv.positive_time_period_seconds, bounds)


def _fits_together(config: dict[str, Any]) -> dict[str, Any]:
    if config[CONF_PULSE] > config[CONF_MAX_PULSE]:
        raise cv.Invalid(
            f"{CONF_PULSE} is longer than {CONF_MAX_PULSE}; raise the one or shorten the other", [CONF_PULSE]
        )
    if config.get(CONF_EXIT_RELAY) == 2 and CONF_RELAY_2 not in config:
        raise cv.Invalid(f"{CONF_EXIT_RELAY} names relay 2; set {CONF_RELAY_2}, or name relay 1", [CONF_EXIT_RELAY])
    if config[CONF_PRESS_RELAY] == 2 and CONF_RELAY_2 not in config:
        raise cv.Invalid(f"{CONF_PRESS_RELAY} names relay 2; set {CONF_RELAY_2}, or name relay 1", [CONF_PRESS_RELAY])
    if config.get(CONF_RELAY_2) is not None and config[CONF_RELAY] == config[CONF_RELAY_2]:
        raise cv.Invalid("both relays are the same output; give each its own", [CONF_RELAY_2])
    if CONF_SECOND_PASSAGE_SENSOR in config and CONF_PASSAGE_SENSOR not in config:
        raise cv.Invalid(
            f"{CONF_SECOND_PASSAGE_SENSOR} tells the direction beside a first one; set {CONF_PASSAGE_SENSOR}",
            [CONF_SECOND_PASSAGE_SENSOR],
        )
    if CONF_FIRE_RESET in config and CONF_FIRE_INPUT not in config:
        raise cv.Invalid(
            f"{CONF_FIRE_RESET} ends the release of a fire, which this gate cannot hear of; set {CONF_FIRE_INPUT}, or "
            f"remove {CONF_FIRE_RESET}",
            [CONF_FIRE_RESET],
        )
    return config


CONFIG_SCHEMA = cv.All(
    cv.Schema(
        {
            cv.GenerateID(): cv.declare_id(FacegateGate),
            cv.Required(CONF_SITE): wire_id,
            cv.Required(CONF_GATE_ID): wire_id,
            cv.Required(CONF_KEY): cv.sensitive(gate_key),
            cv.Required(CONF_RELAY): cv.use_id(output.BinaryOutput),
            cv.Optional(CONF_RELAY_2): cv.use_id(output.BinaryOutput),
            cv.Required(CONF_LOCK_TYPE): cv.one_of(FAIL_SECURE, FAIL_SAFE, lower=True),
            cv.Optional(CONF_PULSE, default="700ms"): milliseconds(100, 30_000),
            # Nothing, signed or not, opens for longer.
            cv.Optional(CONF_MAX_PULSE, default="5s"): milliseconds(100, 60_000),
            cv.Optional(CONF_EXIT_BUTTON): cv.use_id(binary_sensor.BinarySensor),
            # Relay 2 where there is one: the way out.
            cv.Optional(CONF_EXIT_RELAY): cv.int_range(min=1, max=2),
            cv.Optional(CONF_FIRE_INPUT): cv.use_id(binary_sensor.BinarySensor),
            # The contact that ends a fire's release, beside the signed command.
            cv.Optional(CONF_FIRE_RESET): cv.use_id(binary_sensor.BinarySensor),
            cv.Optional(CONF_DOOR_CONTACT): cv.use_id(binary_sensor.BinarySensor),
            cv.Optional(CONF_HELD_AFTER, default="30s"): milliseconds(1_000, 3_600_000),
            cv.Optional(CONF_TAMPER_CONTACT): cv.use_id(binary_sensor.BinarySensor),
            # Press-to-recognise: it asks to be looked at, and opens nothing. The relay whose side it is on.
            cv.Optional(CONF_PRESS_BUTTON): cv.use_id(binary_sensor.BinarySensor),
            cv.Optional(CONF_PRESS_RELAY, default=1): cv.int_range(min=1, max=2),
            cv.Optional(CONF_PASSAGE_SENSOR): cv.use_id(binary_sensor.BinarySensor),
            # Behind the first, seen from the entry: tells which way somebody went.
            cv.Optional(CONF_SECOND_PASSAGE_SENSOR): cv.use_id(binary_sensor.BinarySensor),
            cv.Optional(CONF_PASSAGE_TIMEOUT, default="8s"): milliseconds(1_000, 60_000),
            # Nothing holds the gate open for longer in the mode `free`; no command goes beyond it.
            cv.Optional(CONF_MAX_FREE, default="12h"): seconds(1, 43_200),
            # How long a contact must be the same to count; a leaving person waits for the exit button's.
            cv.Optional(CONF_DEBOUNCE, default="30ms"): milliseconds(0, 100),
            # No list of cards and PINs: they are told to the recognizer as digests, and it decides.
            cv.Optional(CONF_TWO_FACTOR, default=False): cv.boolean,
            cv.Optional(CONF_ON_HINT): automation.validate_automation(
                {
                    cv.GenerateID(CONF_TRIGGER_ID): cv.declare_id(HintTrigger),
                    cv.Required(CONF_PATTERN): cv.one_of(*HINTS, lower=True),
                }
            ),
        }
    ).extend(cv.COMPONENT_SCHEMA),
    _fits_together,
)


def _refuse_other_ways_in(full: Any) -> None:
    for domain, why in FORBIDDEN.items():
        if domain in full:
            raise cv.Invalid(f"a node that holds a gate's key may not have '{domain}': {why}; remove it")
    if CONF_AP in full.get("wifi", {}):
        raise cv.Invalid(
            "a node that holds a gate's key may not open its own access point: whoever joins it can try to flash the "
            "node; remove 'ap' from 'wifi'"
        )
    for update in full.get("ota", []):
        if update.get(CONF_PLATFORM) == "web_server":
            raise cv.Invalid(
                "a node that holds a gate's key may not be flashed from a web page; use 'ota' with platform 'esphome' "
                "and a password"
            )
        if update.get(CONF_PLATFORM) == "esphome" and not update.get(CONF_PASSWORD):
            raise cv.Invalid("whoever reaches the network could flash the node; give 'ota' a 'password'")


def _refuse_unsigned_entities(full: Any) -> None:
    for domain in MOVABLE_DOMAINS:
        for entity in full.get(domain, []):
            if entity.get(CONF_PLATFORM) in MOVABLE_PLATFORMS and not entity.get(CONF_INTERNAL):
                raise cv.Invalid(
                    f"the {domain} '{_called(entity)}' would take unsigned commands from anyone on the broker; "
                    "set 'internal: true' on it, or remove it"
                )


def _refuse_other_hands_on_the_relays(full: Any, relays: list[Any]) -> None:
    for domain in OUTPUT_DOMAINS:
        for entity in full.get(domain, []):
            if entity.get(CONF_OUTPUT) in relays:
                raise cv.Invalid(
                    f"the {domain} '{_called(entity)}' moves '{entity[CONF_OUTPUT]}', which is the gate's alone; "
                    "remove it"
                )


def _called(entity: Any) -> str:
    return str(entity.get(CONF_NAME) or entity.get(CONF_ID))


def _refuse_stock_mqtt(mqtt: Any) -> None:
    for trigger in (CONF_ON_MESSAGE, CONF_ON_JSON_MESSAGE):
        if mqtt.get(trigger):
            raise cv.Invalid(f"the node would obey unsigned messages; remove '{trigger}' from 'mqtt'")
    if not mqtt[CONF_CLEAN_SESSION]:
        raise cv.Invalid(
            "with 'clean_session: false' the broker keeps commands for the node while it is off; "
            "set 'clean_session: true' in 'mqtt'"
        )
    if mqtt[CONF_REBOOT_TIMEOUT].total_milliseconds != 0:
        raise cv.Invalid(
            "the node would restart whenever the broker is away; set 'reboot_timeout: 0s' in 'mqtt', "
            "the gate works without a broker"
        )
    if mqtt[CONF_DISCOVERY]:
        raise cv.Invalid(
            "FaceGate's own integration shows the gate in Home Assistant; set 'discovery: false' in 'mqtt'"
        )


def _final_validate(config: dict[str, Any]) -> dict[str, Any]:
    """No unsigned way in: nothing else may move a relay, keep a command, or flash the node."""
    full = fv.full_config.get()
    _refuse_other_ways_in(full)
    _refuse_unsigned_entities(full)
    _refuse_other_hands_on_the_relays(full, [config[key] for key in (CONF_RELAY, CONF_RELAY_2) if key in config])
    _refuse_stock_mqtt(full["mqtt"])
    return config


FINAL_VALIDATE_SCHEMA = _final_validate


async def to_code(config: dict[str, Any]) -> None:
    """Generate the node's set-up."""
    var = cg.new_Pvariable(config[CONF_ID])
    await cg.register_component(var, config)
    cg.add(var.set_site(config[CONF_SITE]))
    cg.add(var.set_gate(config[CONF_GATE_ID]))
    cg.add(var.set_key(config[CONF_KEY]))
    cg.add(var.set_fail_safe(config[CONF_LOCK_TYPE] == FAIL_SAFE))
    cg.add(var.set_pulse(config[CONF_PULSE]))
    cg.add(var.set_max_pulse(config[CONF_MAX_PULSE]))
    cg.add(var.set_passage_timeout(config[CONF_PASSAGE_TIMEOUT]))
    cg.add(var.set_max_free(config[CONF_MAX_FREE].total_seconds))
    cg.add(var.set_debounce(config[CONF_DEBOUNCE]))
    cg.add(var.set_held_after(config[CONF_HELD_AFTER]))
    cg.add(var.set_two_factor(config[CONF_TWO_FACTOR]))
    cg.add(var.set_press_relay(config[CONF_PRESS_RELAY]))
    relays = [config[key] for key in (CONF_RELAY, CONF_RELAY_2) if key in config]
    for relay in relays:
        cg.add(var.add_relay(await cg.get_variable(relay)))
    cg.add(var.set_exit_relay(config.get(CONF_EXIT_RELAY, len(relays))))
    for key, attach in (
        (CONF_EXIT_BUTTON, var.set_exit_button),
        (CONF_FIRE_INPUT, var.set_fire_input),
        (CONF_FIRE_RESET, var.set_fire_reset),
        (CONF_DOOR_CONTACT, var.set_door_contact),
        (CONF_TAMPER_CONTACT, var.set_tamper_contact),
        (CONF_PRESS_BUTTON, var.set_press_button),
        (CONF_PASSAGE_SENSOR, var.set_passage_sensor),
        (CONF_SECOND_PASSAGE_SENSOR, var.set_second_passage_sensor),
    ):
        if key in config:
            cg.add(attach(await cg.get_variable(config[key])))
    for hint in config.get(CONF_ON_HINT, ()):
        trigger = cg.new_Pvariable(hint[CONF_TRIGGER_ID], getattr(Pattern, hint[CONF_PATTERN].upper()))
        cg.add(var.add_hint_trigger(trigger))
        await automation.build_automation(trigger, [(cg.uint32, "x")], hint)
