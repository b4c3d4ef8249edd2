"""Constants of the FaceGate integration."""

import logging
from datetime import timedelta
from typing import Final

DOMAIN: Final = "facegate"
LOGGER: Final = logging.getLogger(__package__)

CONF_API: Final = "api"
CONF_EVENT_KEY: Final = "event_key"
CONF_SITE: Final = "site"
CONF_APP: Final = "app"
"""The slug of the Supervisor's app that is this recognizer, where it is one."""
CONF_PERSONS_TOLD: Final = "persons_told"
"""Whether the token of an entry is one that learns who somebody is."""

CONF_SHARE_PERSONS: Final = "share_persons"
"""Option: FaceGate's triggers tell who it was, of those who agreed."""
CONF_PRESENCE: Final = "presence"
"""Option: those who agreed have a presence entity."""
CONF_RESIDENTS_PAGES: Final = "residents_pages"
"""Option: the residents' pages can be reached through Home Assistant's address."""
CONF_PAGES_TOLD: Final = "pages_told"
"""Whether the recognizer was told of that address and has to be told when it is none any more."""

DEFAULT_PORT: Final = 8711
"""The recognizer's own default; used when somebody types a bare host name."""

UPDATE_INTERVAL: Final = timedelta(minutes=1)
"""Everything is pushed; the poll only notices a recognizer that went away without its broker saying so."""

FREE: Final = "free"
MODES: Final = ("normal", "lockdown", FREE)
"""How a gate can be run; the contract's words (a test compares them)."""
