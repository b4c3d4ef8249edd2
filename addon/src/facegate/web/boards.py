"""Boards over the API: what fits on them, and which terminal is which pin."""

from collections.abc import Iterable
from typing import Any

from facegate.adapters.boards import known_boards
from facegate.core.boards import FEATURES, Board, Label, Terminal
from facegate.web.call import Answer, Call


async def list_boards(call: Call) -> Answer:
    """List the boards of this release, with their terminals."""
    return Answer([_describe(board) for board in known_boards().values()])


def labelled(label: Label) -> dict[str, str]:
    """A text in both languages."""
    return {"en": label.en, "zh-Hans": label.zh}


def wiring(terminals: Iterable[Terminal]) -> list[dict[str, Any]]:
    """A wiring table."""
    return [
        {
            "terminal": terminal.name,
            "label": labelled(terminal.label),
            "gpio": terminal.pin,
            "feature": terminal.feature,
            "wire": labelled(terminal.wire),
        }
        for terminal in terminals
    ]


def _describe(board: Board) -> dict[str, Any]:
    usual = board.usual()
    return {
        "name": board.name,
        "about": board.about,
        "network": board.network,
        "tried": board.tried,
        "note": labelled(board.note),
        "features": [
            {"name": name, "label": labelled(feature.label), "usual": name in usual}
            for name, feature in FEATURES.items()
            if name in board.features
        ],
        "one_of": [list(choice) for choice in board.one_of],
        "instead": [{"feature": feature, "others": list(others)} for others, feature in board.instead],
        "wiring": wiring(board.wiring()),
    }
