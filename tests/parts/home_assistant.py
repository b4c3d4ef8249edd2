"""A real Home Assistant core in a folder of its own, used through the same requests that its frontend makes."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp

from tests.parts import waiting
from tests.parts.broker import Mosquitto, free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0  # a first start migrates and compiles; on a busy machine that takes a while
STOP_SECONDS = 60.0

CONFIGURATION = """\
homeassistant:
  name: Test home
  latitude: 52.0
  longitude: 13.0
  elevation: 40
  unit_system: metric
  time_zone: Europe/Berlin
  country: DE
  currency: EUR
automation: !include automations.yaml
frontend:
config:
recorder:
  commit_interval: 1
logbook:
logger:
  default: info
  logs:
    custom_components.facegate: debug
"""
OWNER = {"name": "Owner", "username": "owner", "password": "correct horse battery", "language": "en"}


def interpreter() -> Path:
    """The Python that has Home Assistant."""
    default = ROOT / ".cache" / "environments" / "home-assistant" / "bin" / "python"
    return Path(os.environ.get("FACEGATE_HOME_ASSISTANT_PYTHON") or default)


def _slug(alias: str) -> str:
    return alias.lower().replace(" ", "_")


class HomeAssistantError(AssertionError):
    """A request that Home Assistant did not grant; ``status`` and ``content`` are its answer."""

    def __init__(self, what: str, status: int, content: Any) -> None:
        super().__init__(f"{what}: {status} {content}")
        self.status = status
        self.content = content


class HomeAssistant:
    """One core with the integration from this checkout; a context manager that starts, onboards and stops it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / "core.log"
        self.token = ""
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "configuration.yaml").write_text(CONFIGURATION)
        (folder / "automations.yaml").write_text("[]\n")
        shutil.copytree(
            ROOT / "custom_components",
            folder / "custom_components",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        self._seed_http()

    def start(self) -> float:
        """Start it and return the seconds until it had started."""
        begun = time.monotonic()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        # --skip-pip: everything is installed, and no test reaches for the network
        command = [interpreter(), "-m", "homeassistant", "-c", self.folder, "--skip-pip", "--log-no-color"]
        with self.log_path.open("ab") as log:
            # in its own folder, so that it loads the copy there, as an installation would
            self._process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        while time.monotonic() - begun < START_SECONDS:
            if self._process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/manifest.json", timeout=5).close()
                if not self.token:
                    self._onboard()
                if self.get("/api/config")["state"] == "RUNNING":
                    return time.monotonic() - begun
            except OSError, HomeAssistantError:
                pass  # not up yet; the time-out tells when it never comes
            time.sleep(0.2)
        raise AssertionError(f"Home Assistant did not start:\n{self.log()[-4000:]}")

    @property
    def pid(self) -> int:
        """Process number; its loop runs in the first thread, which has the same."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """End it in order, so that it writes everything down."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def log(self) -> str:
        """Everything it has written so far."""
        return self.log_path.read_text(errors="replace")

    # Requests

    def get(self, path: str) -> Any:
        """Get from the REST API."""
        return self._request("GET", path)

    def post(self, path: str, **content: Any) -> Any:
        """Post to the REST API."""
        return self._request("POST", path, content)

    def command(self, kind: str, **content: Any) -> Any:
        """Send one WebSocket command and return its result."""
        return asyncio.run(self._command({"type": kind, **content}))

    def begin_flow(self, domain: str) -> dict[str, Any]:
        """Begin a config flow, as *Add integration* does."""
        flow: dict[str, Any] = self.post("/api/config/config_entries/flow", handler=domain)
        return flow

    def fill(self, flow: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Submit the form that a flow shows."""
        answer: dict[str, Any] = self.post(f"/api/config/config_entries/flow/{flow['flow_id']}", **fields)
        return answer

    def begin_options(self, entry_id: str) -> dict[str, Any]:
        """Open the options of a config entry, as *Configure* does."""
        flow: dict[str, Any] = self.post("/api/config/config_entries/options/flow", handler=entry_id)
        return flow

    def fill_options(self, flow: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Submit the form that an options flow shows, or choose from its menu."""
        answer: dict[str, Any] = self.post(f"/api/config/config_entries/options/flow/{flow['flow_id']}", **fields)
        return answer

    def decline(self, flow: dict[str, Any]) -> None:
        """Close a flow."""
        self._request("DELETE", f"/api/config/config_entries/flow/{flow['flow_id']}")

    def automate(self, alias: str, *, triggers: list[dict[str, Any]], actions: list[dict[str, Any]]) -> None:
        """Save an automation, as the editor does."""
        self.post(
            f"/api/config/automation/config/{_slug(alias)}",
            alias=alias,
            triggers=triggers,
            actions=actions,
            trace={"stored_traces": 0},
        )

    def forget_automation(self, alias: str) -> None:
        """Delete an automation, as the editor does."""
        self._request("DELETE", f"/api/config/automation/config/{_slug(alias)}")

    def wait_for_notice(self, identifier: str, text: str) -> None:
        """Wait until the bell shows this text."""
        self.wait_for(lambda: self.notices().get(identifier) == text, f"the bell does not show {text!r}")

    def notices(self) -> dict[str, str]:
        """What the bell shows: the texts of the notifications by their ids."""
        return {n["notification_id"]: n["message"] for n in self.command("persistent_notification/get")}

    def discovered(self, domain: str, timeout: float = waiting.PATIENCE) -> dict[str, Any]:
        """Return the flow that discovery began, opened as the frontend opens it."""

        def look() -> dict[str, Any] | None:
            flows = self.command("config_entries/flow/progress")
            return next((flow for flow in flows if flow["handler"] == domain), None)

        flow = self.wait_for(look, f"no discovery of {domain}", timeout)
        opened: dict[str, Any] = self.get(f"/api/config/config_entries/flow/{flow['flow_id']}")
        return opened | {"context": flow["context"]}

    def entries(self, domain: str) -> list[dict[str, Any]]:
        """The config entries of one integration."""
        return [e for e in self.get("/api/config/config_entries/entry") if e["domain"] == domain]

    def forget(self, entry_id: str) -> None:
        """Delete a config entry."""
        self._request("DELETE", f"/api/config/config_entries/entry/{entry_id}")

    def state(self, entity_id: str) -> dict[str, Any]:
        """The state of an entity; an empty one where there is no such entity."""
        states = {state["entity_id"]: state for state in self.get("/api/states")}
        return states.get(entity_id) or {"state": None, "attributes": {}}

    def wait_for_state(self, entity_id: str, state: str, timeout: float = waiting.PATIENCE) -> None:
        """Wait until an entity shows ``state``."""
        self.wait_for(lambda: self.state(entity_id)["state"] == state, f"{entity_id} is not '{state}'", timeout)

    def act(self, action: str, entity_id: str) -> None:
        """Perform an action on an entity, as its button in the frontend does; raises HomeAssistantError."""
        domain, _, service = action.partition(".")
        self.command(
            "call_service", domain=domain, service=service, target={"entity_id": entity_id}, return_response=False
        )

    def use_broker(self, broker: Mosquitto) -> None:
        """Set up the MQTT integration."""
        form = self.begin_flow("mqtt")
        done = self.fill(
            form,
            broker=broker.host,
            port=broker.port,
            protocol="5",
            other_settings={"set_client_cert": False, "set_ca_cert": "off"},
        )
        assert done["type"] == "create_entry", done

    def add_camera(self, source: str, *, username: str, password: str) -> str:
        """Set up a generic camera on an RTSP stream and return its entity."""
        form = self.begin_flow("generic")
        fields = {
            "stream_source": source,
            "username": username,
            "password": password,
            "advanced": {"framerate": 2, "verify_ssl": True, "rtsp_transport": "tcp", "authentication": "basic"},
        }
        form = self.fill(form, **fields)
        if form.get("errors") == {"stream_source": "timeout"}:  # it waits for ten seconds, and machines can be busy
            form = self.fill(form, **fields)
        assert form["step_id"] == "user_confirm", form
        done = self.fill(form, confirmed_ok=True)
        assert done["type"] == "create_entry", done
        cameras = [s["entity_id"] for s in self.get("/api/states") if s["entity_id"].startswith("camera.")]
        [camera] = self.wait_for(lambda: cameras, "no camera", 10)
        return str(camera)

    def wait_for[T](self, look: Callable[[], T], otherwise: str, timeout: float = waiting.PATIENCE) -> T:
        """Return what ``look`` returns as soon as that is something."""
        return waiting.wait_for(look, timeout, shows=lambda: f"{otherwise}:\n{self.log()[-4000:]}")

    # Inside

    def _seed_http(self) -> None:
        """Confirm the HTTP settings before the first start: those of the YAML are a trial that reverts."""
        storage = self.folder / ".storage"
        storage.mkdir()
        settings = {
            "server_port": self.port,
            "server_host": ["127.0.0.1"],
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": True,
            "ssl_profile": "intermediate",
            "use_x_frame_options": True,
            "created_at": "2026-01-01T00:00:00+00:00",
            "error": None,
            "error_message": None,
        }
        content = {"stable": settings, "pending": None, "yaml_migration_done": True}
        (storage / "http").write_text(
            json.dumps({"version": 2, "minor_version": 1, "key": "http", "data": content}), encoding="utf-8"
        )

    def _onboard(self) -> None:
        client = f"{self.url}/"
        made = self.post("/api/onboarding/users", client_id=client, **OWNER)
        form = {"grant_type": "authorization_code", "code": made["auth_code"], "client_id": client}
        request = urllib.request.Request(f"{self.url}/auth/token", data=urlencode(form).encode())
        with urllib.request.urlopen(request, timeout=20) as response:
            self.token = json.load(response)["access_token"]
        self.post("/api/onboarding/core_config")
        self.post("/api/onboarding/analytics")
        self.post("/api/onboarding/integration", client_id=client, redirect_uri=f"{client}?auth_callback=1")
        # The token of the log-in lasts half an hour; this one outlives restarts.
        self.token = self.command("auth/long_lived_access_token", client_name="Test", lifespan=30)

    def _request(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {self.token}"} if self.token else {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise HomeAssistantError(f"{method} {path}", error.code, error.read().decode(errors="replace")) from error

    async def _command(self, content: dict[str, Any]) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket,
        ):
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.token})
            assert (await socket.receive_json())["type"] == "auth_ok"
            await socket.send_json({"id": 1, **content})
            answer = await socket.receive_json(timeout=60)
            if not answer["success"]:
                raise HomeAssistantError(content["type"], 0, answer["error"])
            return answer["result"]
