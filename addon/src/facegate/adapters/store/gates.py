"""Gates, their keys, their cameras, and how far each node's lines have got."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.adapters.store.errors import ExistsError, NotFoundError
from facegate.adapters.store.nodes import setup_row
from facegate.contract.lines import Position, is_gate_id
from facegate.core.models import Camera, Direction, Gate, LivenessLevel, Masks, Mode
from facegate.core.node_file import NodeSetup

_GATES = schema.gates
_CAMERAS = schema.cameras
_POSITIONS = schema.node_positions


class GateStore(Database):
    """What the store knows about gates."""

    def gates(self) -> list[Gate]:
        """All gates, by name."""
        with self._read() as connection:
            return [_gate(row) for row in connection.execute(select(_GATES).order_by(_GATES.c.name, _GATES.c.id))]

    def gate(self, gate: str) -> Gate:
        """One gate; raises NotFoundError."""
        with self._read() as connection:
            row = connection.execute(select(_GATES).where(_GATES.c.id == gate)).one_or_none()
        if row is None:
            raise _no_gate(gate)
        return _gate(row)

    def add_gate(self, gate: Gate, setup: NodeSetup | None = None) -> bytes:
        """Store a new gate and return its new 32-byte key, which its node is set up with. Raises ExistsError.

        ``setup``: what the node is made of, where that is known. A trial gate begins with its face reader on, every
        other one without, whatever is asked for.
        """
        if not is_gate_id(gate.id):
            raise ValueError("a gate is named with 1 to 32 of a-z, 0-9 and '-', not starting with '-'")
        if gate.trial and setup is not None:
            raise ValueError("a trial gate moves no door, so it has no hardware")
        if any(known.id == gate.id for known in self.gates()):
            raise ExistsError(f"There is a gate '{gate.id}' already: choose another id.")
        with self._new_key(Kind.GATES, gate.id) as key, self._write() as connection:
            row = asdict(gate) | {"faces": gate.trial, "readers": sorted(gate.readers)}
            connection.execute(insert(_GATES).values(row))
            if setup is not None:
                connection.execute(insert(schema.node_setups).values(setup_row(gate.id, setup)))
        return key

    def update_gate(self, gate: Gate) -> None:
        """Store the gate's new name, pulse, readers, and whether phones open it. Raises NotFoundError.

        Its mode is :meth:`set_gate_mode`'s, its face reader ``WayStore.switch_faces``'s; a trial gate is one for ever.
        """
        values = {
            "name": gate.name,
            "pulse_ms": gate.pulse_ms,
            "phone": gate.phone,
            "readers": sorted(gate.readers),
        }
        with self._write() as connection:
            if not connection.execute(update(_GATES).where(_GATES.c.id == gate.id).values(values)).rowcount:
                raise _no_gate(gate.id)

    def set_gate_mode(self, gate: str, mode: Mode) -> bool:
        """Store the gate's mode and return whether it was another; raises NotFoundError."""
        if self.gate(gate).mode is mode:
            return False
        with self._write() as connection:
            connection.execute(update(_GATES).where(_GATES.c.id == gate).values(mode=mode))
        return True

    def remove_gate(self, gate: str) -> None:
        """Remove a gate with its cameras and destroy its key; its access records stay. Raises NotFoundError."""
        self.gate(gate)
        with self._dying_key(Kind.GATES, gate), self._write() as connection:
            connection.execute(delete(_GATES).where(_GATES.c.id == gate))

    def gate_key(self, gate: str) -> bytes:
        """The gate's 32-byte key; raises NotFoundError, or StoreError when it cannot be read."""
        self.gate(gate)
        return self._key(Kind.GATES, gate)

    def cameras(self, gate: str | None = None) -> list[Camera]:
        """The cameras of one gate, or all."""
        query = select(_CAMERAS).order_by(_CAMERAS.c.id)
        if gate is not None:
            query = query.where(_CAMERAS.c.gate == gate)
        with self._read() as connection:
            return [self._camera(row) for row in connection.execute(query)]

    def add_camera(self, camera: Camera) -> None:
        """Store a new camera; raises ExistsError, or NotFoundError for its gate."""
        try:
            with self._write() as connection:
                if not connection.execute(select(_GATES.c.id).where(_GATES.c.id == camera.gate)).first():
                    raise _no_gate(camera.gate)
                connection.execute(insert(_CAMERAS).values(self._camera_row(camera)))
        except IntegrityError as error:
            raise ExistsError(f"There is a camera '{camera.id}' already: choose another id.") from error

    def update_camera(self, camera: Camera) -> None:
        """Store a camera's new properties; raises NotFoundError."""
        with self._write() as connection:
            if not connection.execute(select(_GATES.c.id).where(_GATES.c.id == camera.gate)).first():
                raise _no_gate(camera.gate)
            row = self._camera_row(camera)
            if not connection.execute(update(_CAMERAS).where(_CAMERAS.c.id == camera.id).values(row)).rowcount:
                raise _no_camera(camera.id)

    def remove_camera(self, camera: str) -> None:
        """Remove a camera; raises NotFoundError."""
        with self._write() as connection:
            if not connection.execute(delete(_CAMERAS).where(_CAMERAS.c.id == camera)).rowcount:
                raise _no_camera(camera)

    def node_position(self, gate: str, kind: str) -> Position | None:
        """The last line of this kind (``hello``, ``ack``, ``event``) that was accepted from the gate's node."""
        query = select(_POSITIONS.c.boot, _POSITIONS.c.seq).where(_POSITIONS.c.gate == gate, _POSITIONS.c.kind == kind)
        with self._read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Position(row.boot, row.seq)

    def save_node_position(self, gate: str, kind: str, position: Position) -> bool:
        """Move forward to ``position``; returns False, and changes nothing, when the store is there or further."""
        new = upsert(_POSITIONS).values(gate=gate, kind=kind, boot=position.boot, seq=position.seq)
        forward = new.on_conflict_do_update(
            index_elements=[_POSITIONS.c.gate, _POSITIONS.c.kind],
            set_={"boot": new.excluded.boot, "seq": new.excluded.seq},
            where=(new.excluded.boot > _POSITIONS.c.boot)
            | ((new.excluded.boot == _POSITIONS.c.boot) & (new.excluded.seq > _POSITIONS.c.seq)),
        )
        with self._write() as connection:
            if not connection.execute(select(func.count()).where(_GATES.c.id == gate)).scalar_one():
                raise _no_gate(gate)
            return connection.execute(forward).rowcount > 0

    def _camera_row(self, camera: Camera) -> dict[str, Any]:
        source = self._keys.seal(camera.source.encode(), "camera", camera.id)
        return asdict(camera) | {"source": source, "zone": [list(point) for point in camera.zone]}

    def _camera(self, row: Row[Any]) -> Camera:
        values = row._asdict()
        values["source"] = self._keys.unseal(row.source, "camera", row.id).decode()
        values["direction"] = Direction(row.direction)
        values["liveness"] = LivenessLevel(row.liveness)
        values["masks"] = Masks(row.masks)
        values["zone"] = tuple((float(x), float(y)) for x, y in row.zone)
        return Camera(**values)


def _gate(row: Row[Any]) -> Gate:
    return Gate(
        id=row.id,
        name=row.name,
        mode=Mode(row.mode),
        pulse_ms=row.pulse_ms,
        trial=row.trial,
        faces=row.faces,
        phone=row.phone,
        readers=frozenset(row.readers),
    )


def _no_gate(gate: str) -> NotFoundError:
    return NotFoundError(f"There is no gate '{gate}': add it first.")


def _no_camera(camera: str) -> NotFoundError:
    return NotFoundError(f"There is no camera '{camera}': add it first.")
