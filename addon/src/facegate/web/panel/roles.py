"""What whoever sits before the panel may do; whoever has no role sees nothing."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from facegate.web.tokens import Scope


class Role(StrEnum):
    """An owner may do everything, a guard opens and sees what is now, an auditor reads history and changes nothing."""

    OWNER = "owner"
    GUARD = "guard"
    AUDITOR = "auditor"


SCOPES: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.OWNER: frozenset(
        {
            Scope.READ,
            Scope.MANAGE,
            Scope.OPEN,
            Scope.PERSONS,
            Scope.INVITE,
            Scope.GUARD,
            Scope.HISTORY,
            Scope.OWNER,
        }
    ),
    Role.GUARD: frozenset({Scope.READ, Scope.OPEN, Scope.GUARD}),
    Role.AUDITOR: frozenset({Scope.READ, Scope.HISTORY}),
}
"""What the panel's own requests to the API are good for."""

EVERYBODY: Final = frozenset(Role)
OWNERS: Final = frozenset({Role.OWNER})
HISTORIANS: Final = frozenset({Role.OWNER, Role.AUDITOR})
"""Who may ask for what has been; a guard may not."""
