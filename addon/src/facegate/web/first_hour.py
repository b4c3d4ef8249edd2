"""The set-up checklist of an owner: from what there is now, with links to where each step is done."""

from typing import Final

from facegate.core.commissioning_sheet import may_be_used
from facegate.core.setup_steps import GateStands, Item, Stands, State, Step, setup_steps
from facegate.web.panel.page import Visit
from facegate.web.services import CameraHealth, GateHealth

_WHERE: Final = {
    Step.BROKER: "health",
    Step.GATE: "new-gate",
    Step.RESIDENT: "residents",
    Step.FACES: "residents",
    Step.OPENING: "activity",
    Step.WAYS: "residents",
    Step.PAPERS: "documents",
    Step.HOME_ASSISTANT: "",
}


def checklist(visit: Visit) -> list[tuple[Item, str]]:
    """Each step with the page where it is done; reads the store."""
    return [(item, _where(item)) for item in setup_steps(_stands(visit))]


def is_done(items: list[tuple[Item, str]]) -> bool:
    """Whether nothing is open, so that nobody needs to see it any more."""
    return all(item.state is State.DONE for item, _ in items)


def _where(item: Item) -> str:
    match item.step:
        case Step.COMMISSIONED if item.gate:
            return f"walk?id={item.gate}"
        case Step.CAMERA | Step.ZONE | Step.NODE | Step.READER if item.gate:
            return f"gate?id={item.gate}"
    return _WHERE.get(item.step, "")


def _stands(visit: Visit) -> Stands:
    services, store = visit.services, visit.services.store
    now, facts = services.health(), services.paperwork.facts()
    cameras = {gate.id: cameras for gate, cameras in facts.gates}
    gates = []
    for gate, _ in facts.gates:
        state = now.gates.get(gate.id) or GateHealth()
        own = cameras[gate.id]
        gates.append(
            GateStands(
                id=gate.id,
                trial=gate.trial,
                node=state.node == "online",
                cameras=len(own),
                working=sum((now.cameras.get(camera.id) or CameraHealth()).state == "ok" for camera in own),
                zones=sum(bool(camera.zone) for camera in own),
                usable=may_be_used(store.node_setup(gate.id), store.commissioning(gate.id), trial=gate.trial),
                lacking=bool(store.gaps(gate.id)),
                faces=gate.faces,
            )
        )
    return Stands(
        broker=now.broker,
        gates=tuple(gates),
        residents=sum(facts.residents.values()),
        enrolled=facts.enrolled,
        opened=services.paperwork.has_opened(),
        responsible=facts.responsible.known,
        assessed=facts.assessment is not None and not facts.changes,
        paired=facts.paired,
    )
