"""Tells Home Assistant what happened at the gates: numbered, signed, and with nobody's name in it."""

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from facegate.adapters.mqtt import MqttClient
from facegate.contract.messages import GRANTED, GateEvent, Topics
from facegate.core.models import Direction, Method, Reason

_LOG = logging.getLogger(__name__)

ALIAS_SECONDS: Final = 120.0  # time enough for Home Assistant to ask, and no more
ALIASES: Final = 1_000


@dataclass(frozen=True, slots=True)
class News:
    """What happened at one gate. ``at``: Unix seconds; ``ms``: stage times; ``opening`` ties a passage to its grant.

    ``detail`` says more of what a gate tells of itself.
    """

    gate: str
    type: str
    reason: Reason
    method: Method
    direction: Direction
    at: float
    resident: str | None = None
    opening: str = ""
    faces: int = 0
    ms: Mapping[str, float] = field(default_factory=dict)
    detail: str = ""


class Announcer:
    """Publishes access events and resolves their aliases, each once.

    Args:
        mqtt: where to.
        topics: of this site.
        boot: of this recognizer, greater than ever before; with the sequence it tells old events from new ones.
        key: returns the pairing key as it is now.
        unix: the wall clock; clock: monotonic seconds.
    """

    def __init__(
        self,
        mqtt: MqttClient,
        topics: Topics,
        *,
        boot: int,
        key: Callable[[], bytes],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mqtt = mqtt
        self._topics = topics
        self._boot = boot
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        self._seq = 0
        self._aliases: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def announce(self, news: News) -> bool:
        """Publish ``news``; ``False``: there is no broker, and nobody will hear of it later."""
        with self._lock:
            self._seq += 1
            seq = self._seq
        event = GateEvent(
            site=self._topics.site,
            boot=self._boot,
            seq=seq,
            id=secrets.token_hex(8),
            at=round(news.at * 1000),
            gate=news.gate,
            type=news.type,
            reason=news.reason,
            method=news.method,
            direction=news.direction,
            faces=news.faces,
            # What residents can agree to is that Home Assistant learns whom a gate has opened for, not who was refused.
            alias=self._alias(news.resident) if news.resident and news.type == GRANTED else "",
            opening=news.opening,
            ms={stage: round(ms) for stage, ms in news.ms.items()},
            detail=news.detail,
        )
        sent = self._mqtt.publish(self._topics.event, event.sign(self._key()))
        if not sent:
            _LOG.warning("Home Assistant does not hear of '%s' at gate %s: the broker is away.", news.type, news.gate)
        return sent

    def person(self, alias: str) -> str | None:
        """Return the resident behind an event, once and for a short time."""
        with self._lock:
            resident, expires = self._aliases.pop(alias, (None, 0.0))
        return resident if self._clock() < expires else None

    def _alias(self, resident: str) -> str:
        alias = secrets.token_hex(16)
        with self._lock:
            self._aliases[alias] = (resident, self._clock() + ALIAS_SECONDS)
            while len(self._aliases) > ALIASES:
                self._aliases.popitem(last=False)
        return alias
