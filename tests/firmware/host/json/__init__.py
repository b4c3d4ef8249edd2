"""Stands in for ESPHome's json component on the host, where ArduinoJson would have to be downloaded."""

import esphome.config_validation as cv

CONFIG_SCHEMA = cv.Schema({})


async def to_code(_config: object) -> None:
    """The mqtt component speaks of JSON types (json_util.h); without USE_JSON the rest of ESPHome does not."""


def enable_arena() -> None:
    """Other components import this name; what it switches on in ESPHome does not exist here."""
