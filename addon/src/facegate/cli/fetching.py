"""Fetches pinned files with a progress bar: what ``models`` and ``people`` have in common."""

from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from facegate.adapters import packages
from facegate.cli.console import notes, stops_at
from facegate.core.pinned import PinnedFile


def fetch(folder: Path, files: Sequence[PinnedFile], *, quiet: bool) -> None:
    """Put ``files`` into ``folder``; quiet is silent unless something fails, which ends the command."""
    columns = (
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("[dim]{task.fields[source]}"),
    )
    with stops_at(packages.FetchError), Progress(*columns, console=notes, disable=quiet, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(name: str, source: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task("", name=name, source=source, total=None)
            bar.update(tasks[name], source=source, completed=done, total=total or None)

        fetched = packages.fetch(folder, files, show)
    if not quiet:
        already = len(files) - len(fetched)
        notes.print(f"{len(fetched)} fetched, {already} already there, all verified: {folder}", highlight=False)
