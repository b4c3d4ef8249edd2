"""Where Home Assistant serves the residents' pages, as the one that was paired last has told; gone with its token."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError

from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.adapters.store.errors import NotFoundError

_TOLD = schema.told_address


class ToldAddressStore(Database):
    """What the store knows about the residents' pages elsewhere."""

    def told_address(self) -> str:
        """The address that was told last; empty where none was, or where whoever told it is paired no more."""
        with self._read() as connection:
            return str(connection.execute(select(_TOLD.c.url)).scalar_one_or_none() or "")

    def tell_address(self, token: str, url: str) -> None:
        """Keep an address in the place of the one before, as long as ``token`` is good. Raises NotFoundError."""
        new = upsert(_TOLD).values(only=1, token=token, url=url)
        new = new.on_conflict_do_update(index_elements=[_TOLD.c.only], set_={"token": token, "url": url})
        try:
            with self._write() as connection:
                connection.execute(new)
        except IntegrityError as error:
            raise NotFoundError(
                "Nobody is paired by this token: pair first, so that the address ends with it."
            ) from error

    def forget_address(self, token: str) -> bool:
        """Forget the address if this token has told it; return whether it had."""
        with self._write() as connection:
            return bool(connection.execute(delete(_TOLD).where(_TOLD.c.token == token)).rowcount)
