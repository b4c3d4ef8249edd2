"""``facegate verify-log``: proves that no record was changed, removed or written anew, or names the first that was."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from facegate.cli.console import notes, stop, stops_at
from facegate.core.certificate import Certificate
from facegate.core.trail import Checkpoint
from facegate.settings import default_data

SENTENCES: Final = {
    "missing": "link {number} is missing: somebody has taken it out of the database.",
    "changed": "the record of link {number} is not what it was: somebody has changed it.",
    "unlinked": "link {number} does not follow from the one before: somebody has rewritten the trail from there on.",
    "gone": "the record of link {number} is gone, and nothing says that it was erased: somebody has removed it.",
    "cut": "the trail ends before link {number}, which a checkpoint knows: it was cut, or an old copy was put back.",
    "rewritten": "link {number} is not the one that a checkpoint knows: the trail was written anew.",
    "forged": "the checkpoint of link {number} was not signed by this installation.",
    "added": "record {number} ({kind}) stands in the database and no link tells of it: somebody has added it.",
}


def verify_log(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file of checkpoints that somebody has kept, from --save or from the panel's page Privacy."
        ),
    ] = None,
    certificate: Annotated[
        list[Path] | None, typer.Option(help="A certificate of erasure: say whether this installation has signed it.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Write this installation's checkpoints to a file, to keep.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")] = None,
) -> None:
    """Prove that the records of passages are as they were written, or name the first place where they are not."""
    from facegate.adapters.store import InUseError, Store, StoreError
    from facegate.cli import local_api

    kept = [entry for path in checkpoint or [] for entry in _read(path)]
    certificates = [(path, _read_certificate(path)) for path in certificate or []]
    with stops_at(StoreError):
        try:
            with Store.open(data or default_data()) as store:
                found = store.verify_trail(kept)
                broken = found.broken and asdict(found.broken)
                proof: dict[str, Any] = {"links": found.links, "checkpoints": found.checkpoints, "broken": broken}
                own: list[dict[str, Any]] = [one.written() for one in store.checkpoints()]
                genuine = [store.is_genuine(one) for _, one in certificates]
        except InUseError:
            proof = local_api.call(data, "POST", "/trail/proof", {"checkpoints": [one.written() for one in kept]})
            own = local_api.call(data, "GET", "/trail/checkpoints")["checkpoints"]
            genuine = [
                local_api.call(data, "POST", "/certificates/proof", one.written())["genuine"] for _, one in certificates
            ]
    if save is not None:
        try:
            save.write_text(json.dumps(own, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            stop(f"{save} cannot be written ({error.strerror or error}): name another file.")
    if proof["broken"]:
        stop(f"The trail is broken: {SENTENCES[proof['broken']['what']].format(**proof['broken'])}")
    for (path, _), signed in zip(certificates, genuine, strict=True):
        if not signed:
            stop(f"{path} was changed, or another installation has signed it: it proves nothing here.")
        notes.print(f"{path} is genuine: what it names was destroyed.", markup=False, highlight=False)
    notes.print(f"{proof['links']} links and {proof['checkpoints']} checkpoints hold.")


def _read_certificate(path: Path) -> Certificate:
    try:
        return Certificate.read(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        stop(f"{path} holds no certificate ({error}): name the file that was given at the erasure.")


def _read(path: Path) -> list[Checkpoint]:
    """What this command has written, or the line that the panel shows as a code to keep."""
    try:
        text = path.read_text(encoding="utf-8").strip()
        if text.startswith("["):
            return [Checkpoint.read(one) for one in json.loads(text)]
        return [Checkpoint.of_line(line) for line in text.splitlines()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        stop(
            f"{path} holds no checkpoints ({error}): name a file that 'facegate verify-log --save' has written, or one "
            "with the text that the panel shows under Privacy."
        )
