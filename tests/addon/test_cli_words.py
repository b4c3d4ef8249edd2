"""What the command line says to an installer, in both languages."""

import re
import string
from pathlib import Path

import pytest

from facegate import cli
from facegate.cli import gate_test, words

USED = Path(cli.__file__).with_name("gate_node.py")


def test_every_text_is_there_in_both_languages_with_the_same_values() -> None:
    english, chinese = (words.texts(language) for language in words.LANGUAGES)
    assert english.keys() == chinese.keys() == set(re.findall(r'say\(\s*"(\w+)"', USED.read_text()))
    for key in english:
        values = [
            {name for _, name, _, _ in string.Formatter().parse(text[key]) if name} for text in (english, chinese)
        ]
        assert values[0] == values[1], key
        assert re.search(r"[\u4e00-\u9fff]", chinese[key]), key
        assert not re.search(r"[\u4e00-\u9fff]", english[key]), key
    assert all(set(text) == set(words.LANGUAGES) for text in gate_test._TEXTS.values())


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-Hans"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_SG"}, "zh-Hans"),
    ],
)
def test_the_locale_chooses(environment: dict[str, str], spoken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert words.language() == spoken
    assert words.say("wiring") == words.texts(spoken)["wiring"]
