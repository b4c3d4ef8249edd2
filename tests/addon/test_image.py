"""The app's image, built from its own Dockerfile without Docker, started by its own entry point beside a Supervisor."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.lib import image_tree

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, Any]]:
    # Not pytest's own folder, which nobody but this user may enter: the service runs as another one.
    with tempfile.TemporaryDirectory(prefix="facegate-image-") as folder:
        Path(folder).chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-m", "tests.parts.app_image", folder],
            cwd=ROOT, capture_output=True, text=True, timeout=150, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:] + _log(Path(folder))
        yield json.loads(done.stdout)


def _log(folder: Path) -> str:
    log = folder / "app.log"
    return log.read_text(errors="replace")[-3000:] if log.exists() else ""


def test_it_becomes_healthy_on_the_supervisors_broker_and_is_announced(seen: dict[str, Any]) -> None:
    assert not seen["healthy_before"], "or the health check says nothing"
    assert seen["health"]["broker"] is True
    [discovery] = seen["discoveries"]
    assert discovery["service"] == "facegate"
    assert discovery["config"]["api"].startswith("http://a0b1c2d3-facegate:")
    assert len(discovery["config"]["installation"]) == 32


def test_the_service_is_nobody_on_this_machine(seen: dict[str, Any]) -> None:
    process = seen["process"]
    users = set(process["Uid"].split())
    if os.geteuid() == 0:
        assert users == set(process["Gid"].split()) == {str(seen["user"])} != {"0"}
        assert process["Groups"] == ""
        assert {process[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert process["NoNewPrivs"] == "1"
        assert {owner for owner, _ in seen["files"].values()} == {seen["user"]}, "what belongs to root cannot be read"
    else:
        assert users == {str(os.geteuid())}, "whoever is not root starts it as they are"
    secrets = {name: mode for name, (_, mode) in seen["files"].items() if name.startswith(("keys", "facegate.db"))}
    assert secrets
    assert not any(mode & 0o077 for mode in secrets.values()), secrets


def test_the_panel_is_for_the_supervisor_alone(seen: dict[str, Any]) -> None:
    assert seen["stranger"]["status"] == 403
    assert "through Home Assistant only" in seen["stranger"]["body"]
    if seen["own"]:
        assert 'data-send="POST claim"' in seen["panel"]["body"], "the page that asks who the owner is"
    assert 'data-send="POST claim"' not in seen["stranger"]["body"]
    assert seen["residents"]["status"] == 403, "the residents' pages are there, and show nothing without a link"


def test_commands_in_the_image_work_as_its_user(seen: dict[str, Any]) -> None:
    findings = {one["what"]: one for one in json.loads(seen["doctor"]["out"])}
    assert findings["broker"]["found"] == "connected"
    assert not findings["broker"]["advice"]
    assert seen["backup"]["code"] == 0, seen["backup"]["errors"]
    assert {"backup/facegate.db", "backup/complete.json", "backup/keys/site.key"} <= seen["files"].keys()


def test_its_apparmor_profile_allows_what_it_has_open(seen: dict[str, Any]) -> None:
    rules = [
        (_glob(path), rights)
        for path, rights in re.findall(
            r"^  (/\S+) (\w+),$", (image_tree.APP / "apparmor.txt").read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert rules
    uses = [(path, right) for path, right in seen["uses"] if not path.startswith("/memfd:")]
    assert {("/data/facegate.db", "rw"), ("/data/facegate.lock", "rw")} <= set(uses)
    assert any(right == "m" and "onnxruntime" in path for path, right in uses)
    refused = [
        (path, right)
        for path, right in uses
        if not all(any(one in rights and rule.fullmatch(path) for rule, rights in rules) for one in right)
    ]
    # The base abstraction, which the profile includes, allows these to everybody.
    assert not [(path, right) for path, right in refused if not path.startswith(("/usr/lib/locale", "/etc/ld.so"))]


def _glob(path: str) -> re.Pattern[str]:
    """AppArmor's: ``**`` crosses folders, ``*`` does not, braces choose."""
    parts = re.split(r"(\*\*|\*|\{[^}]*\})", path)
    words = {"**": ".*", "*": "[^/]*"}
    made = [
        words.get(part)
        or (f"(?:{'|'.join(map(re.escape, part[1:-1].split(',')))})" if part[:1] == "{" else re.escape(part))
        for part in parts
    ]
    return re.compile("".join(made))


def test_it_stops_when_supervisor_tells_it_to(seen: dict[str, Any]) -> None:
    assert seen["code"] == 0, seen["log"][-2000:]
    assert seen["seconds"] < seen["timeout"]
    assert "Traceback" not in seen["log"]
    assert "made-by-mosquitto" not in seen["log"]


def test_nothing_of_the_build_is_left(seen: dict[str, Any]) -> None:
    assert seen["left"] == ["build", "data", "opt", "usr"]
    assert seen["ports"] == [8099, 8711, 8712]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("RUN apt-get install -y curl", "apt-get install"),
        ("ADD https://example.com/x /x", "ADD"),
        ("FROM alpine:3", "alpine"),
        ("COPY --from=build /opt/other /opt/other", "/opt/other"),
    ],
)
def test_what_the_dockerfile_says_beyond_what_is_known_is_an_error(
    line: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(instruction for instruction in image_tree.instructions())
    word, _, rest = line.partition(" ")
    monkeypatch.setattr(image_tree, "instructions", lambda: iter([first, (word, rest)]))
    with pytest.raises(image_tree.ImageError, match=says):
        image_tree.build(tmp_path / "image")
