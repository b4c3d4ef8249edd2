"""One request, already known, allowed and checked, as a handler sees it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from facegate.web.census import Census
from facegate.web.limits import Failures, Once
from facegate.web.services import Services
from facegate.web.tokens import Bearer


@dataclass(frozen=True, slots=True)
class Desk:
    """What all requests share: the services and what is remembered between requests."""

    services: Services
    pairing_failures: Failures
    pin_failures: Failures
    changing: asyncio.Lock
    unix: Callable[[], float]
    monotonic: Callable[[], float]
    presses: Once = field(default_factory=Once)
    census: Census = field(default_factory=Census)


@dataclass(frozen=True, slots=True)
class Call:
    """``given`` holds the checked parameters from path, query and headers by name; ``body`` the checked JSON."""

    desk: Desk
    bearer: Bearer | None
    peer: str
    given: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def services(self) -> Services:
        """What the request may need of the rest."""
        return self.desk.services


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back; the status is the operation's."""

    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


type Handler = Callable[[Call], Awaitable[Answer]]
