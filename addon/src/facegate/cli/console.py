"""How commands speak: results on standard output, everything else on standard error."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

notes = Console(stderr=True)


def stop(sentence: str, code: int = 1) -> NoReturn:
    """End the command with one sentence that says what to do."""
    notes.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def stops_at(*errors: type[Exception]) -> Iterator[None]:
    """End the command with the text of any of ``errors``; their texts are made for people."""
    try:
        yield
    except errors as error:
        stop(str(error))


def words(values: Sequence[str]) -> str:
    """Return values as a person lists them."""
    return ", ".join(values[:-1]) + " and " + values[-1] if len(values) > 1 else "".join(values)
