"""What the law wants on paper, from the live configuration: one function a document, one text for each language."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from facegate.core.assessment import Facts
from facegate.reports.documents import assessments, notice, registers
from facegate.reports.documents.texts import Texts
from facegate.reports.page import Page


class Document(StrEnum):
    """Every document; each is a translation key."""

    NOTICE = "notice"
    SIGN = "sign"
    PIPIA = "pipia"
    DPIA = "dpia"
    RECORD = "record"
    RETENTION = "retention"


_MADE: Final[dict[Document, Callable[[Facts, Texts], Page]]] = {
    Document.NOTICE: notice.notice,
    Document.SIGN: notice.sign,
    Document.PIPIA: assessments.pipia,
    Document.DPIA: assessments.dpia,
    Document.RECORD: registers.record,
    Document.RETENTION: registers.retention,
}


def make(document: Document, facts: Facts, language: str) -> Page:
    """Return one document."""
    return _MADE[document](facts, Texts(language))
