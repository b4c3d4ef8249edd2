"""Makes ESPHome's mqtt component run on its `host` platform, for tests and the demo only.

Run with the interpreter that has ESPHome:  make_overlay.py FOLDER
Nothing of ESPHome is kept in this repository: the installed package is copied into FOLDER and changed there, and this
stops loudly when a place to change is gone, which means that ESPHome has changed and this file wants a look.
"""

import shutil
import sys
from pathlib import Path

import esphome
from esphome.const import __version__

HERE = Path(__file__).resolve().parent
COMPONENTS = Path(esphome.__file__).parent / "components"

CHANGES: dict[str, dict[str, str]] = {
    "mqtt/__init__.py": {
        "    PLATFORM_ESP8266,\n    PLATFORM_LN882X,": (
            "    PLATFORM_ESP8266,\n    PLATFORM_HOST,\n    PLATFORM_LN882X,"
        ),
        "            PLATFORM_ESP8266,\n            PLATFORM_LN882X,": (
            "            PLATFORM_ESP8266,\n            PLATFORM_HOST,\n            PLATFORM_LN882X,"
        ),
        # The sending task is an option of the ESP32 alone; the shared package sets it, here it means nothing.
        "(CONF_IDF_SEND_ASYNC, esp32=False): cv.All(\n                cv.boolean, cv.only_on_esp32": (
            "(CONF_IDF_SEND_ASYNC, esp32=False): cv.All(\n                cv.boolean"
        ),
        '    cg.add_define("USE_MQTT")\n': (
            '    if CORE.is_host:\n        for flag in ("-I{shim}", "-lmosquitto", "-pthread"):\n'
            '            cg.add_build_flag(flag)\n    cg.add_define("USE_MQTT")\n'
        ),
    },
    "mqtt/mqtt_client.h": {
        '#elif defined(USE_LIBRETINY)\n#include "mqtt_backend_libretiny.h"\n': (
            '#elif defined(USE_LIBRETINY)\n#include "mqtt_backend_libretiny.h"\n'
            '#elif defined(USE_HOST)\n#include "mqtt_backend_host.h"\n'
        ),
        "#ifdef USE_ESP32\n  void set_ca_certificate": (
            "#if defined(USE_ESP32) || defined(USE_HOST)\n  void set_ca_certificate"
        ),
        "#elif defined(USE_LIBRETINY)\n  MQTTBackendLibreTiny mqtt_backend_;\n": (
            "#elif defined(USE_LIBRETINY)\n  MQTTBackendLibreTiny mqtt_backend_;\n"
            "#elif defined(USE_HOST)\n  MQTTBackendHost mqtt_backend_;\n"
        ),
    },
    # The host's IPAddress has no is_set().
    "mqtt/mqtt_client.cpp": {"          if (ip.is_set()) {": "          if (true) {"},
    # ESPHome rewrites its preferences in place and believes every write, so a kill or a full disk would lose the boot
    # number. The ESP32's flash store is safe against both; the host's has to be.
    "host/preferences.cpp": {
        'fopen(this->filename_.c_str(), "wb")': 'fopen((this->filename_ + ".new").c_str(), "wb")',
        "  fclose(fp);\n  return true;\n}\n\nbool HostPreferences::reset()": (
            "  const bool written = ferror(fp) == 0;\n"
            "  return fclose(fp) == 0 && written &&\n"
            '         std::rename((this->filename_ + ".new").c_str(), this->filename_.c_str()) == 0;\n'
            "}\n\nbool HostPreferences::reset()"
        ),
    },
}
"""File of the copy → what stands there exactly once → what shall stand there."""


def change(file: Path, changes: dict[str, str]) -> None:
    text = file.read_text()
    for old, new in changes.items():
        if text.count(old) != 1:
            sys.exit(
                f"FaceGate: ESPHome {__version__} has changed {file.name}: {old!r} stands there "
                f"{text.count(old)} times, not once. Adapt tests/firmware/host/make_overlay.py to this version."
            )
        text = text.replace(old, new.replace("{shim}", str(HERE / "shim")))
    file.write_text(text)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    for name in sorted({file.split("/")[0] for file in CHANGES}):
        shutil.copytree(COMPONENTS / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file, changes in CHANGES.items():
        change(folder / file, changes)
    shutil.copytree(HERE / "backend", folder / "mqtt", dirs_exist_ok=True)
    shutil.copytree(HERE / "json", folder / "json")


if __name__ == "__main__":
    main()
