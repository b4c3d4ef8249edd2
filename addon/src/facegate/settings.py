"""What the owner may set before the service starts: options.json of the app, environment or command line → Settings.

Everything that changes while it runs (gates, cameras, residents, rules) lives in the store and is edited in the panel.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import voluptuous as vol


class SettingsError(ValueError):
    """Settings that cannot be used; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where MQTT messages go."""

    host: str = "localhost"
    port: int = 1883
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Inference:
    """How models are run: an onnxruntime execution provider and the threads of one inference."""

    provider: str = "CPU"
    threads: int = 0  # 0: sized to the machine


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is fixed while the service runs."""

    data: Path
    models: Path
    site: str = "home"
    broker: Broker = Broker()
    inference: Inference = Inference()
    decoding: str = "software"  # of cameras' pictures; else a kind of hardware, or "auto" for any that there is
    api_host: str = "0.0.0.0"  # noqa: S104  # the API is for other machines in the building; tokens guard it
    api_port: int = 8711
    api_url: str = ""
    ingress_port: int = 8099
    residents_port: int = 8712
    residents_url: str = ""  # of the residents' pages, as phones in the building reach them; printed in links
    residents_url_guessed: bool = False  # nobody has named it: what Home Assistant tells is better
    residents_certificate: str = ""  # a PEM file: then the residents' pages speak HTTPS
    residents_key: str = ""
    passphrase: str = field(default="", repr=False)  # of the site key; no option, for it must not lie beside the key
    detector: str = "yunet"
    embedder: str = "sface"
    log_level: str = "info"
    keep_passages_days: int = 30
    pseudonymise_after_days: int = 7
    keep_acts_years: int = 3
    erase_after_days: int = 14  # between the end of somebody's time here and their erasure
    erase_absent_days: int = 365  # without a passage
    trust_clock: bool = False  # tell gates the time even where the system does not say that network time sets the clock


_PORT = vol.All(vol.Coerce(int), vol.Range(min=0, max=65535))
_SCHEMA = vol.Schema(
    {
        vol.Optional("site"): vol.Match(r"^[a-z0-9][a-z0-9-]{0,31}$", msg="use 1 to 32 of a-z, 0-9 and '-'"),
        vol.Optional("mqtt_host"): str,
        vol.Optional("mqtt_port"): _PORT,
        vol.Optional("mqtt_username"): str,
        vol.Optional("mqtt_password"): str,
        vol.Optional("mqtt_tls"): bool,
        vol.Optional("mqtt_ca_file"): str,
        vol.Optional("provider"): vol.In(("CPU", "OpenVINO", "CUDA")),
        vol.Optional("decoding"): vol.In(("software", "auto", "cuda", "qsv", "vaapi", "drm")),
        vol.Optional("threads"): vol.All(vol.Coerce(int), vol.Range(min=0, max=64)),
        vol.Optional("api_host"): str,
        vol.Optional("api_port"): _PORT,
        vol.Optional("api_url"): str,
        vol.Optional("ingress_port"): _PORT,
        vol.Optional("residents_port"): _PORT,
        vol.Optional("residents_url"): vol.Match(r"^https?://[^\s/?#]+(/[^\s?#]*)?$", msg="use http://… or https://…"),
        vol.Optional("residents_certificate"): str,
        vol.Optional("residents_key"): str,
        vol.Optional("detector"): str,
        vol.Optional("embedder"): str,
        vol.Optional("trust_clock"): bool,
        # The law sets no number; 90 days is what a conflict about an entry may need, and nobody should keep more.
        vol.Optional("keep_passages_days"): vol.All(vol.Coerce(int), vol.Range(min=1, max=90)),
        # A week is what it takes to hear of what has happened; with 0, names are there for two hours at most.
        vol.Optional("pseudonymise_after_days"): vol.All(vol.Coerce(int), vol.Range(min=0, max=30)),
        # Consents and assessments are kept for three years as well (M art. 9); who did what belongs to them.
        vol.Optional("keep_acts_years"): vol.All(vol.Coerce(int), vol.Range(min=1, max=10)),
        # Two weeks are enough to notice a mistyped date; access ends with the date itself.
        vol.Optional("erase_after_days"): vol.All(vol.Coerce(int), vol.Range(min=0, max=90)),
        vol.Optional("erase_absent_days"): vol.All(vol.Coerce(int), vol.Range(min=90, max=730)),
        vol.Optional("log_level"): vol.In(("debug", "info", "warning", "error")),
    }
)


def default_data() -> Path:
    """The data folder when none is named: ``FACEGATE_DATA_DIR``, else the user's own."""
    return Path(os.environ.get("FACEGATE_DATA_DIR") or Path.home() / ".local" / "share" / "facegate")


def default_models() -> Path:
    """The models folder when none is named: ``FACEGATE_MODELS``, else beside the data."""
    return Path(os.environ.get("FACEGATE_MODELS") or default_data() / "models")


def inside_app() -> bool:
    """Whether Home Assistant's Supervisor runs this."""
    return "SUPERVISOR_TOKEN" in os.environ


def app_options() -> Path:
    """Where the Supervisor writes the options of the app: beside the data, which the image names."""
    return default_data() / "options.json"


def read_options(path: Path) -> dict[str, Any]:
    """Return the options in the app's ``options.json``; an absent file is no options. Raises SettingsError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read as JSON ({error}): correct or delete it.") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path} must hold one JSON object: correct or delete it.")
    return content


def make_settings(options: Mapping[str, Any], *, data: Path | None = None, models: Path | None = None) -> Settings:
    """Return the settings that ``options`` describe; raises SettingsError with one sentence per mistake."""
    given = {key: value for key, value in options.items() if value not in (None, "")}
    try:
        checked = _SCHEMA(given)
    except vol.MultipleInvalid as error:
        faults = "; ".join(f"{'.'.join(map(str, e.path)) or 'options'}: {e.msg}" for e in error.errors)
        raise SettingsError(f"The settings cannot be used: {faults}. Correct them and start again.") from error
    if ("residents_certificate" in checked) is not ("residents_key" in checked):
        raise SettingsError("Name both residents_certificate and residents_key, or neither, and start again.")
    broker = {k.removeprefix("mqtt_"): v for k, v in checked.items() if k.startswith("mqtt_")}
    inference = {k: checked[k] for k in ("provider", "threads") if k in checked}
    rest = {k: v for k, v in checked.items() if not k.startswith("mqtt_") and k not in inference}
    return Settings(
        data=data or default_data(),
        models=models or default_models(),
        broker=Broker(**broker),
        inference=Inference(**inference),
        **rest,
    )
