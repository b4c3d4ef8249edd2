"""Prints what Home Assistant would install at run time, so that it starts normally without a network.

Walks the manifests of the integrations that a default start loads, and of those that the live test uses.
Run with the interpreter that has Home Assistant.
"""

import json
from pathlib import Path

import homeassistant
from homeassistant import bootstrap

USED_BY_THE_LIVE_TEST = {
    "mqtt", "recorder", "history", "logbook", "image", "event", "button", "camera", "person",
    "google_translate", "met", "radio_browser", "shopping_list", "zeroconf", "hassio", "generic",
}  # fmt: skip
# Required by the time-based one-time password module, which has no manifest.
WITHOUT_MANIFEST = ["pyotp==2.10.0", "PyQRCode==1.2.1"]

components = Path(homeassistant.__file__).parent / "components"
queue = list(USED_BY_THE_LIVE_TEST | set(bootstrap.CORE_INTEGRATIONS) | set(bootstrap.DEFAULT_INTEGRATIONS))
seen: set[str] = set()
requirements: set[str] = set()
while queue:
    domain = queue.pop()
    manifest = components / domain / "manifest.json"
    if domain in seen or not manifest.exists():
        continue
    seen.add(domain)
    content = json.loads(manifest.read_text())
    requirements.update(content.get("requirements", ()))
    queue += content.get("dependencies", ())
print("\n".join([*sorted(requirements), *WITHOUT_MANIFEST]))
