"""A new gate: a trial one in a moment, or one with a door, its board and the files that its node is built from."""

from collections.abc import Mapping
from typing import Any, Final

from facegate.adapters.boards import known_boards
from facegate.core.boards import FEATURES, Lock
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS


async def _context(visit: Visit) -> Mapping[str, Any]:
    boards = []
    for board in known_boards().values():
        usual = board.usual()
        features = [
            (name, feature.label.in_language(visit.language), name in usual)
            for name, feature in FEATURES.items()
            if name in board.features
        ]
        boards.append((board, board.note.in_language(visit.language), features))
    return {"boards": boards, "locks": list(Lock)}


PAGE: Final = Page("new-gate", "new_gate", _context, OWNERS, menu=False)
