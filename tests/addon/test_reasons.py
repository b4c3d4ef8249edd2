"""Every reason against a picture is said in every language, and says what to do."""

import re

import pytest

from facegate.core.quality import Fault
from facegate.residents.picture import Refusal
from facegate.residents.reasons import TEXTS

REASONS = (*Fault, *Refusal)


@pytest.mark.parametrize("language", TEXTS)
def test_every_reason_has_a_sentence_of_its_own(language: str) -> None:
    texts = TEXTS[language]
    assert set(texts) == set(REASONS)
    assert len(set(texts.values())) == len(REASONS)


@pytest.mark.parametrize(("language", "colon", "stop"), [("en", ": ", "."), ("zh-Hans", "：", "。")])
def test_it_says_what_is_wrong_and_what_to_do(language: str, colon: str, stop: str) -> None:
    for text in TEXTS[language].values():
        wrong, what_to_do = text.split(colon)
        assert wrong
        assert what_to_do.endswith(stop)


def test_the_languages_are_not_mixed() -> None:
    assert not any(re.search(r"[一-鿿]", text) for text in TEXTS["en"].values())
    assert all(re.search(r"[一-鿿]", text) for text in TEXTS["zh-Hans"].values())
