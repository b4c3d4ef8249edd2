"""What an owner may switch on later: who learns of persons, and how residents reach their pages."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload


class FaceGateOptionsFlow(OptionsFlowWithReload):
    """A menu; each of its steps changes its own options, leaves the others alone and reloads the entry."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer what can be set."""
        return self.async_show_menu(step_id="init", menu_options=["sharing"])
