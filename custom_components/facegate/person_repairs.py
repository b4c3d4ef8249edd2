"""What the owner is asked about persons: each question an issue in Home Assistant's repairs, with a flow that answers.

Home Assistant stores an issue's id, and its event of it, for good; so the id tells nothing: it is made of a random mark
that the recognizer has given the person. Names are in memory alone. Everybody who may log in can list issues, and only
administrators can begin their flows: so it is the flow that says which resident it is about.

Nobody is erased from here: whoever has moved out gets in no more, and the recognizer erases them when it is due, and
shows that before.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final

import probatio
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
)

from .const import DOMAIN
from .coordinator import FaceGateConfigEntry
from .errors import FaceGateError, RefusedError
from .panel import DOCS, panel_link
from .persons_api import Heard, People, Question

KIND: Final = "kind"
NEW: Final = "person_new"
RENAMED: Final = "person_renamed"
GONE: Final = "person_gone"
MANY: Final = "persons_many"

MOST: Final = 5
"""Questions that are asked one by one; of more, one issue tells that they wait before FaceGate's panel."""

CONF_NAME: Final = "name"
CONF_OTHER: Final = "other"


@callback
def async_ask(hass: HomeAssistant, entry: FaceGateConfigEntry, heard: Heard) -> None:
    """Ask exactly what is asked now: what is answered is asked no more, and what somebody ignores stays ignored."""
    kinds: Mapping[str, Sequence[Question]] = {NEW: heard.new, RENAMED: heard.renamed, GONE: heard.gone}
    asked = [(kind, question) for kind, questions in kinds.items() for question in questions]
    issues = {_issue(entry, kind, question.mark): (kind, question) for kind, question in asked}
    shown = issues if len(issues) <= MOST else {}
    many = _issue(entry, MANY)
    for issue in _ours(hass, entry) - shown.keys() - ({many} if issues and not shown else set()):
        ir.async_delete_issue(hass, DOMAIN, issue)
    if issues and not shown:
        _create(hass, many, MANY, {"count": str(len(issues)), "panel": panel_link(entry)})
    for issue, (kind, question) in shown.items():
        listed = {"panel": panel_link(entry)} | ({CONF_NAME: question.name} if kind == NEW else {})
        names = {**listed, CONF_NAME: question.name, "before": question.before}
        about = {KIND: kind, "entry_id": entry.entry_id, "person": question.person}
        _create(hass, issue, kind, listed, {**about, **names})


@callback
def async_ask_no_more(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Take every question back, because the entry is removed."""
    for issue in _ours(hass, entry):
        ir.async_delete_issue(hass, DOMAIN, issue)


def _create(
    hass: HomeAssistant,
    issue: str,
    kind: str,
    placeholders: dict[str, str],
    data: dict[str, str | int | float | None] | None = None,
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        data=data,
        is_fixable=data is not None,
        learn_more_url=f"{DOCS}/residents.md#residents-are-persons-of-home-assistant",
        severity=ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders=placeholders,
    )


def _issue(entry: FaceGateConfigEntry, kind: str, mark: str = "") -> str:
    return f"{kind}_{entry.entry_id}_{mark}".rstrip("_")


def _ours(hass: HomeAssistant, entry: FaceGateConfigEntry) -> set[str]:
    """Ids of this entry's questions, also of those that were ignored before a restart."""
    beginnings = tuple(_issue(entry, kind) for kind in (NEW, RENAMED, GONE, MANY))
    return {issue for domain, issue in ir.async_get(hass).issues if domain == DOMAIN and issue.startswith(beginnings)}


class _PersonFlow(RepairsFlow):
    """What the flows share: about whom it is, and how a refusal reads."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        self._person = str(about["person"])
        self._entry_id = str(about["entry_id"])
        self._names = {name: str(about[name]) for name in (CONF_NAME, "before", "panel")}

    async def _do(self, work: Awaitable[object]) -> str | None:
        """Do it and return why it is not done, as the key of a text; ``None`` when it is."""
        try:
            await work
        except RefusedError as error:
            return {"forbidden": "forbidden", "not_found": "settled", "not_now": "settled"}.get(
                error.problem, "taken" if error.problem == "exists" else "refused"
            )
        except FaceGateError:
            return "unreachable"
        return None

    async def _answer(self, outcome: str, other: str | None = None) -> RepairsFlowResult:
        people = self._people()
        wrong = "not_loaded" if people is None else await self._do(people.answer(self._person, outcome, other))
        return self._end(wrong)

    def _end(self, wrong: str | None) -> RepairsFlowResult:
        return self.async_create_entry(data={}) if wrong is None else self.async_abort(reason=wrong)

    def _people(self) -> People | None:
        """The recognizer's API, where it is set up."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        people: People = entry.runtime_data.client.people
        return people


class NewPersonFlow(_PersonFlow):
    """Makes a person a resident: opened with one click, done with another one. Fixable issues cannot be ignored."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        super().__init__(about)
        self._url = ""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Let the owner choose."""
        return self.async_show_menu(
            step_id="init", menu_options=["resident", "invite", "no_resident"], description_placeholders=self._names
        )

    async def async_step_resident(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """They are a resident."""
        return self._end(await self._make())

    async def async_step_invite(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """They are a resident, and invited."""
        if (wrong := await self._make()) is not None:
            return self._end(wrong)
        people = self._people()
        try:
            self._url = "" if people is None else (await people.invite(self._person)).url
        except FaceGateError:
            self._url = ""
        return await self.async_step_invited() if self._url else self._end("not_invited")

    async def async_step_invited(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the invitation, this once."""
        if user_input is not None:
            return self._end(None)
        code = QrCodeSelectorConfig(data=self._url, scale=5, error_correction_level=QrErrorCorrectionLevel.MEDIUM)
        return self.async_show_form(
            step_id="invited",
            data_schema=probatio.Schema({probatio.Optional("code"): QrCodeSelector(code)}),
            description_placeholders={**self._names, "url": self._url},
        )

    async def async_step_no_resident(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """They are none, and are not asked about again."""
        return await self._answer("no_resident")

    async def _make(self) -> str | None:
        people = self._people()
        return "not_loaded" if people is None else await self._do(people.make_resident(self._person))


class RenamedPersonFlow(_PersonFlow):
    """Takes a person's new name over for the resident, or does not."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Let the owner choose."""
        return self.async_show_menu(
            step_id="init", menu_options=["take_name", "keep_name"], description_placeholders=self._names
        )

    async def async_step_take_name(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """The resident is called so as well."""
        return await self._answer("take_name")

    async def async_step_keep_name(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """The resident keeps the name that they have in FaceGate."""
        return await self._answer("keep_name")


class GonePersonFlow(_PersonFlow):
    """Asks what became of a resident whose person is gone."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Let the owner choose."""
        return self.async_show_menu(
            step_id="init", menu_options=["stays", "other", "moved_out"], description_placeholders=self._names
        )

    async def async_step_stays(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """They live here still."""
        return await self._answer("stays")

    async def async_step_other(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """They are another person by now."""
        if user_input is not None:
            return await self._answer("other", user_input[CONF_OTHER])
        persons = EntitySelector(EntitySelectorConfig(domain="person"))
        return self.async_show_form(
            step_id="other",
            data_schema=probatio.Schema({probatio.Required(CONF_OTHER): persons}),
            description_placeholders=self._names,
        )

    async def async_step_moved_out(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """They are let in no more."""
        if user_input is not None:
            return await self._answer("moved_out")
        return self.async_show_form(
            step_id="moved_out", data_schema=probatio.Schema({}), description_placeholders=self._names
        )


FLOWS: Final[Mapping[str, type[_PersonFlow]]] = {
    NEW: NewPersonFlow,
    RENAMED: RenamedPersonFlow,
    GONE: GonePersonFlow,
}
