"""Copies of the database from before an update: for whoever has to go back at once, and then they go, too."""

from typing import Final

from facegate.adapters.store import backups
from facegate.adapters.store.audit import AuditStore
from facegate.adapters.store.errors import failures
from facegate.core.audit import HOUSEKEEPING, Act

COPIES: Final = "facegate-before-migration-from-*.db"
_BACKUP_TAKES: Final = 86_400.0  # seconds at the very most; whoever prepared it has forgotten it by then


class CopyStore(AuditStore):
    """What the store knows about its own copies."""

    def forget_copies(self, before: float) -> int:
        """Delete the copies from before ``before`` (Unix seconds) and return how many there were.

        They hold passages as they were, with names whose time is over by now. So does a copy for a backup that nobody
        came back for.
        """
        backups.finish(self.data, self._clock() - _BACKUP_TAKES)
        with self._lock, failures(self.data):
            old = [copy for copy in self.data.glob(COPIES) if copy.stat().st_mtime < before]
            for copy in old:
                copy.unlink()
        if old:
            self.record_act(HOUSEKEEPING, Act.COPIES_DELETED, many=len(old))
        return len(old)
