"""How many residents an owner should look after: counted out of sealed profiles, which takes time where many live."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facegate.core.consent import ConsentState
from facegate.core.leaving import Cause

if TYPE_CHECKING:
    from facegate.web.services import Services

KEPT_SECONDS: Final = 30.0
"""500 residents take a fifth of a second; Home Assistant asks each minute, and as often as a broker makes it ask."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """``unreadable``: ids of residents whose keys are missing. The others count residents.

    ``outdated``: who agreed to something else than what is done now; ``leaving``: who will be erased soon because
    their time here ends; ``absent``: because no gate has seen them for long.
    """

    unreadable: tuple[str, ...] = ()
    outdated: int = 0
    leaving: int = 0
    absent: int = 0


def count(services: Services) -> Numbers:
    """Count now; reads the store."""
    standings = services.consents.by_resident().values()
    causes = [one.cause for one in services.departures.ahead()]
    return Numbers(
        unreadable=tuple(sorted(services.store.unreadable())),
        outdated=sum(any(one.state is ConsentState.OUTDATED for one in said) for said in standings),
        leaving=causes.count(Cause.LEASE_ENDED),
        absent=causes.count(Cause.ABSENT),
    )


class Census:
    """Remembers the last count for a while."""

    def __init__(self) -> None:
        """Know nothing."""
        self._last: tuple[float, Numbers] | None = None

    def numbers(self, services: Services, now: float) -> Numbers:
        """Return the count, at most :data:`KEPT_SECONDS` old at ``now``; reads the store where it is older."""
        last = self._last
        if last is None or not 0 <= now - last[0] < KEPT_SECONDS:
            last = self._last = (now, count(services))
        return last[1]
