"""The chip's own timer, the last guard of a relay, at least compiles.

Espressif's toolchain cannot be had here, so this is no proof that it runs: the branch is read by the host's compiler,
against ESPHome's own headers and a shim of ``esp_timer.h`` with the types of Espressif's documentation.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware.compiled import COMPONENT, HERE
from tests.parts.node import build_node

UNIT = """
#include <algorithm>
#include <cctype>
#include <cinttypes>
#include <string>
#include <vector>
// ESPHome's headers as they are for the host, and only then the component as it is for the chip.
#include "esphome/components/binary_sensor/binary_sensor.h"
#include "esphome/components/hmac_sha256/hmac_sha256.h"
#include "esphome/components/mqtt/mqtt_client.h"
#include "esphome/components/output/binary_output.h"
#include "esphome/core/automation.h"
#include "esphome/core/component.h"
#include "esphome/core/hal.h"
#include "esphome/core/helpers.h"
#include "esphome/core/log.h"
#include "esphome/core/preferences.h"
#define USE_ESP32
"""


def compile_branch(folder: Path, component: Path) -> subprocess.CompletedProcess[str]:
    sources = build_node().parent / "build-facegate-node/native/src"
    unit = folder / "branch.cpp"
    unit.write_text(f'{UNIT}#include "{component}/facegate_gate.cpp"\n')
    compiler = shutil.which("g++")
    assert compiler is not None, "the firmware's tests need g++; run scripts/setup test"
    shims = (f"-I{HERE}/host/shim/esp32", f"-I{HERE}/host/shim")
    command = [compiler, "-std=gnu++20", "-fsyntax-only", "-Wall", "-DUSE_HOST", *shims, f"-I{sources}", str(unit)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_last_guard_compiles(tmp_path: Path) -> None:
    result = compile_branch(tmp_path, COMPONENT)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("mistake", ["esp_timer_start_twice", "guard.tymer"])
def test_it_is_the_branch_that_is_compiled(mistake: str, tmp_path: Path) -> None:
    copy = tmp_path / "component"
    shutil.copytree(COMPONENT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    right = {"esp_timer_start_twice": "esp_timer_start_once", "guard.tymer": "guard.timer"}[mistake]
    source = copy / "facegate_gate.cpp"
    assert right in source.read_text()
    source.write_text(source.read_text().replace(right, mistake))
    result = compile_branch(tmp_path, copy)
    assert result.returncode != 0
    assert mistake.removeprefix("guard.") in result.stderr
