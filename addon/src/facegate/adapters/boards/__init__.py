"""The board files of this release: those of ``esphome_configs/boards``, which a test compares."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from facegate.core.boards import Board, read_board


@cache
def known_boards() -> Mapping[str, Board]:
    """Every board by its name."""
    found = sorted((file.name, file) for file in files("facegate.adapters.boards").iterdir())
    return {
        name.removesuffix(".yaml"): read_board(name.removesuffix(".yaml"), file.read_text(encoding="utf-8"))
        for name, file in found
        if name.endswith(".yaml")
    }
