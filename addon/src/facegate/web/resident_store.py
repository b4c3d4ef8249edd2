"""The part of the store that residents are kept in, as the API and the pages use it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from facegate.core.audit import KeepsActs
from facegate.core.models import PrivacyLevel, Resident
from facegate.core.trusted_time import TrustedTime
from facegate.core.ways import Book


class ResidentStore(KeepsActs, Protocol):
    """Synchronous and thread-safe; raises StoreError."""

    def resident(self, resident: str) -> Resident:
        """One resident."""

    def residents(self) -> Sequence[Resident]:
        """All residents that are not erased."""

    def unreadable(self) -> Collection[str]:
        """Ids of residents whose keys are missing or damaged."""

    def add_resident(self, name: str, person: str | None = None) -> Resident:
        """Add a resident."""

    def add_residents(self, new: list[Mapping[str, Any]]) -> list[Resident]:
        """Add several, all or none."""

    def update_resident(self, resident: Resident) -> None:
        """Write a resident's new properties."""

    def erase_resident(self, resident: str) -> object:
        """Erase a resident by destroying the resident's key."""

    def suspend_resident(self, resident: str) -> Resident:
        """Let a resident in by nothing until they are resumed."""

    def resume_resident(self, resident: str) -> Resident:
        """Let a suspended resident stand where they stood."""

    def choose_level(self, resident: str, level: PrivacyLevel) -> Resident:
        """Keep another choice of what is kept of a resident's face."""

    def way_book(self) -> Book:
        """Everybody, their ways, and what stands at each gate."""

    def trusted_time(self) -> TrustedTime | None:
        """The time at the last look at the clock."""
