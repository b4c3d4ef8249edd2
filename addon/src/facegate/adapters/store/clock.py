"""The trusted time at rest, so that no restart makes a wrong clock true."""

from dataclasses import asdict

from sqlalchemy import delete, insert, select

from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.core.trusted_time import TrustedTime

_TIME = schema.trusted_time


class ClockStore(Database):
    """What the store knows about time."""

    def trusted_time(self) -> TrustedTime | None:
        """The time at the last look; ``None`` before the first."""
        with self._read() as connection:
            row = connection.execute(select(_TIME.c.now, _TIME.c.wall, _TIME.c.doubted)).one_or_none()
        return None if row is None else TrustedTime(*row)

    def save_trusted_time(self, time: TrustedTime) -> None:
        """Keep the time of this look."""
        with self._write() as connection:
            connection.execute(delete(_TIME))
            connection.execute(insert(_TIME).values(only=1, **asdict(time)))
