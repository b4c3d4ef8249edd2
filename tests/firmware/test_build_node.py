"""Building the native node says what is missing, builds once, and notices when ESPHome has changed under it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.firmware.compiled import HERE, ROOT
from tests.parts.node import build_node

BUILD = ROOT / "scripts/lib/build_node"
CACHE = Path(os.environ.get("FACEGATE_CACHE", ROOT / ".cache"))


def empty_cache(folder: Path) -> dict[str, str]:
    """A cache with nothing but the environments."""
    folder.mkdir()
    (folder / "environments").symlink_to(CACHE / "environments")
    return {**os.environ, "FACEGATE_CACHE": str(folder)}


def run(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BUILD), *arguments], env=environment, capture_output=True, text=True, check=False)


def test_builds_once() -> None:
    program = build_node()
    built = program.stat().st_mtime_ns
    assert build_node() == program
    assert program.stat().st_mtime_ns == built


def test_without_a_compiler_it_says_what_to_install(tmp_path: Path) -> None:
    result = run(environment={**empty_cache(tmp_path / "cache"), "CXX": "no-such-compiler"})
    assert result.returncode != 0
    assert result.stdout == ""
    assert "needs 'no-such-compiler'. Run: apt-get install g++" in result.stderr


def test_without_esphome_it_says_what_to_run(tmp_path: Path) -> None:
    result = run(environment={**os.environ, "FACEGATE_CACHE": str(tmp_path)})
    assert result.returncode != 0
    assert "ESPHome is not set up. Run scripts/setup" in result.stderr


def test_an_unknown_option_is_named() -> None:
    result = run("--sanitise", environment=dict(os.environ))
    assert result.returncode != 0
    assert "'--sanitise'" in result.stderr


def test_a_changed_esphome_stops_the_overlay(tmp_path: Path) -> None:
    """Never half a patch: the file and the place that is gone are named."""
    package = tmp_path / "path/esphome"
    for name in ("mqtt", "host"):
        (package / "components" / name).mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "const.py").write_text('__version__ = "2099.1.0"\n')
    (package / "components/mqtt/__init__.py").write_text("PLATFORM_ESP8266 = None\n")
    result = subprocess.run(
        [sys.executable, str(HERE / "host/make_overlay.py"), str(tmp_path / "overlay")],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "path")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "ESPHome 2099.1.0 has changed __init__.py" in result.stderr
