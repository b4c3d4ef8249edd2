"""Whether everybody has a way without a face, and the one door through which a face reader is switched on (P5)."""

from collections.abc import Iterator

from sqlalchemy import select, update

from facegate.adapters.store import schema
from facegate.adapters.store.credentials import CredentialStore
from facegate.adapters.store.errors import StoreError
from facegate.adapters.store.nodes import NodeStore
from facegate.core.links import LinkKind
from facegate.core.models import Gate, LivenessLevel, Method
from facegate.core.ways import Book, Equipment, Gaps, Way, of_credential, reads

_GATES = schema.gates
_LINKS = schema.links


class WaysMissingError(StoreError):
    """The face reader stays off: somebody would be left without a way in (PRIVACY P5)."""

    def __init__(self, gate: str, gaps: Gaps) -> None:
        super().__init__(
            f"The face reader of gate '{gate}' stays off: see 'facegate gate ways {gate}' for what is missing."
        )
        self.gate = gate
        self.gaps = gaps


class WayStore(NodeStore, CredentialStore):
    """What the store knows about ways without a face."""

    def way_book(self) -> Book:
        """Everybody, their ways, and what stands at each gate, at one moment; the time is whoever's asks."""
        with self._lock:
            return Book(self.residents(), tuple(self._ways()), tuple(self._equipment()))

    def gaps(self, gate: str) -> Gaps:
        """What a gate lacks now before its face reader may be on; raises NotFoundError."""
        self.gate(gate)
        return self.way_book().gaps(gate, self._clock())

    def switch_faces(self, gate: str, *, on: bool) -> Gate:
        """Switch a gate's face reader; raises WaysMissingError where P5 forbids it, NotFoundError.

        There is no other way to switch it on, and nobody can take the last way from somebody in between: what is
        judged and what is written are under one lock.
        """
        with self._lock:
            self.gate(gate)
            if on and (gaps := self.gaps(gate)):
                raise WaysMissingError(gate, gaps)
            with self._write() as connection:
                connection.execute(update(_GATES).where(_GATES.c.id == gate).values(faces=on))
            return self.gate(gate)

    def _ways(self) -> Iterator[Way]:
        for credential, secret in self._opened():
            if not self._is_stale(credential, secret):
                yield of_credential(credential)
        with self._read() as connection:
            opened = (_LINKS.c.kind == LinkKind.PERSONAL, _LINKS.c.used_at.is_not(None), _LINKS.c.revoked_at.is_(None))
            phones = connection.execute(select(_LINKS.c.resident).where(*opened)).scalars().all()
        for resident in phones:  # whoever has opened their own page with it; whether a gate lets it is the gate's
            yield Way(resident, Method.PHONE)

    def _equipment(self) -> Iterator[Equipment]:
        cameras = self.cameras()
        with self._read() as connection:
            listed = frozenset(
                connection.execute(select(schema.gate_lists.c.gate).where(schema.gate_lists.c.stored)).scalars()
            )
        for gate in self.gates():
            own = [camera for camera in cameras if camera.gate == gate.id]
            yield Equipment(
                gate,
                reads(gate, self.node_setup(gate.id)),
                two_factors=any(camera.liveness is LivenessLevel.SECOND_FACTOR for camera in own),
                camera=bool(own),
                listed=gate.id in listed,
            )
