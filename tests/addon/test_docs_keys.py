"""docs/keys.md names every key and every command, and nothing else."""

import re
from pathlib import Path

from facegate.adapters import passphrase
from facegate.adapters.crypto import Kind
from facegate.cli.keys import app

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "keys.md").read_text(encoding="utf-8")


def test_every_kind_of_key_stands_in_the_page_and_in_its_picture() -> None:
    named = re.findall(r"^\| `(\w+)` \| `keys/(\w+)/`", PAGE, re.MULTILINE)
    assert {name for name, _ in named} == {folder for _, folder in named} == set(map(str, Kind))
    picture = (DOCS / "images" / "keys.svg").read_text(encoding="utf-8")
    assert set(map(str, Kind)) <= set(re.findall(r">(\w+)</text>", picture))


def test_what_it_says_of_backups_is_what_the_app_leaves_out() -> None:
    config = (DOCS.parent / "addon" / "config.yaml").read_text(encoding="utf-8")
    left_out = set(re.findall(r"- keys/(\w+)/\*", config))
    assert left_out == set(re.findall(r"^\| `(\w+)` .*\| \*\*no\*\* \|$", PAGE, re.MULTILINE))


def test_every_command_is_there() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert set(re.findall(r"facegate keys (\w+)", PAGE)) == commands


def test_the_least_length_is_the_one_that_holds() -> None:
    assert f"at least {passphrase.LEAST} characters" in PAGE


def test_its_links_lead_to_files() -> None:
    targets = re.findall(r"\]\(([^)#]+)", PAGE)
    assert targets
    assert [target for target in targets if not (DOCS / target).exists()] == []
