"""The command line; each command in a file of its own."""

import typer

from facegate import __version__
from facegate.cli import (
    backup,
    bench,
    calibrate,
    camera,
    credentials,
    demo,
    doctor,
    enroll,
    evaluate,
    gate,
    keys,
    models,
    pair,
    people,
    replay,
    residents,
    run,
    verify_log,
)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")
app.command()(run.run)
app.command()(demo.demo)
app.command()(bench.bench)
app.command()(doctor.doctor)
app.command()(pair.pair)
app.add_typer(gate.app, name="gate")
app.add_typer(camera.app, name="camera")
app.add_typer(credentials.app, name="credentials")
app.command()(enroll.enroll)
app.add_typer(residents.app, name="residents")
app.command()(residents.forget)
app.command()(evaluate.evaluate)
app.command()(calibrate.calibrate)
app.command("verify-log")(verify_log.verify_log)
app.command()(replay.replay)
app.add_typer(keys.app, name="keys")
app.add_typer(backup.app, name="backup")
app.add_typer(models.app, name="models")
app.add_typer(people.app, name="people")


@app.callback()
def _about() -> None:
    """FaceGate: the face gate that a resident can trust."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line."""
    app()
