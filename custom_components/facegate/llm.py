"""One tool for Assist: how the gates do, and opening one after its user has said so twice. None tells who came or went.

A model that may open a gate can be talked into it, by a text that it reads as much as by its user. So it opens only
gates whose button the owner has exposed, and only when the same user has spoken again in between: within one turn no
model can confirm for itself.
"""

from dataclasses import dataclass
from typing import Any, Final, override

import probatio
from homeassistant.components.homeassistant import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.llm import LLM_API_ASSIST, LLMContext, Tool, ToolAnnotations, ToolInput, ToolResult
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .asking import async_open
from .const import DOMAIN
from .coordinator import FaceGateCoordinator
from .messages import DIRECTIONS
from .models import Gate

WAITS: Final = 120.0
"""Seconds that an opening waits for its confirmation."""
MOST_QUESTIONS: Final = 32


@dataclass(frozen=True, slots=True)
class Question:
    """An opening that was asked for, in which turn, and when (monotonic in the sense of Home Assistant's clock)."""

    turn: str
    at: float


_QUESTIONS: HassKey[dict[tuple[str | None, str], Question]] = HassKey(f"{DOMAIN}_llm_questions")

type Exposed = dict[str, tuple[FaceGateCoordinator, str]]
"""By name, the gates that an assistant may know of."""


class GateTool(Tool):
    """The gates of a house."""

    name = f"{DOMAIN}__gate"
    title = "Gate"
    description = (
        "Tells how a gate does, or opens it once. Opening takes two calls: the first one answers with a question "
        "that you must put to the user; call again only after the user has answered yes. It never tells who came or "
        "went."
    )
    annotations = ToolAnnotations(read_only=False, destructive=True, idempotent=False, open_world=False)
    integration = DOMAIN

    def __init__(self, gates: Exposed) -> None:
        """Offer these gates."""
        self._gates = gates
        self.parameters = probatio.Schema(
            {
                probatio.Required("gate"): probatio.In(list(gates)),
                probatio.Required("action"): probatio.In(["state", "open"]),
            }
        )

    @override
    async def async_call(self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext) -> ToolResult:
        """Tell, ask or open."""
        wanted = self.parameters(tool_input.tool_args)
        coordinator, identifier = self._gates[wanted["gate"]]
        gate = coordinator.data.gates.get(identifier)
        if gate is None or not coordinator.last_update_success:
            return ToolResult({"error": "The recognizer does not answer, or has no such gate any more."}, error=True)
        if wanted["action"] == "state":
            return ToolResult(_told(gate))
        if not _is_confirmed(hass, llm_context, f"{coordinator.config_entry.entry_id} {identifier}"):
            return ToolResult({"opened": False, "ask_the_user": f"Shall I really open {gate.name} now?"})
        try:
            await async_open(coordinator, gate, DIRECTIONS[0])
        except HomeAssistantError as error:
            return ToolResult({"opened": False, "error": str(error)}, error=True)
        return ToolResult({"opened": True})


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return the tool when a gate's button is exposed to this assistant."""
    if api_id != LLM_API_ASSIST:
        return None
    gates = _exposed(hass, llm_context.assistant)
    return LLMTools(tools=[GateTool(gates)]) if gates else None


def _exposed(hass: HomeAssistant, assistant: str) -> Exposed:
    registry = er.async_get(hass)
    gates: Exposed = {}
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is not ConfigEntryState.LOADED:
            continue
        for gate in entry.runtime_data.data.gates.values():
            button = registry.async_get_entity_id("button", DOMAIN, f"{entry.unique_id}_{gate.id}_open")
            if button is not None and async_should_expose(hass, assistant, button):
                name = gate.name if gate.name not in gates else f"{gate.name} ({gate.id})"
                gates[name] = (entry.runtime_data, gate.id)
    return gates


def _told(gate: Gate) -> dict[str, Any]:
    return {
        "mode": gate.mode,
        "camera": gate.camera,
        "node": gate.node,
        "fire": gate.fire,
        "tamper": gate.tamper,
        "held_open": gate.held,
        "problems": list(gate.problems),
    }


def _is_confirmed(hass: HomeAssistant, llm_context: LLMContext, gate: str) -> bool:
    """Whether the user has been asked in an earlier turn; asks, where not. A question is good for one opening."""
    questions = hass.data.setdefault(_QUESTIONS, {})
    context = llm_context.context
    if context is None:
        return False  # nobody can tell one turn from the next
    now = dt_util.utcnow().timestamp()
    asked = questions.pop(key := (llm_context.device_id or context.user_id, gate), None)
    if asked is not None and asked.turn != context.id and 0 <= now - asked.at <= WAITS:
        return True
    # Within the same turn the question stands as it was: asking twice is no answer.
    questions[key] = asked if asked is not None and asked.turn == context.id else Question(context.id, now)
    while len(questions) > MOST_QUESTIONS:
        del questions[next(iter(questions))]
    return False
