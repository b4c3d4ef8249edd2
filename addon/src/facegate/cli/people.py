"""``facegate people``: the public-domain pictures that the demo and the tests show to the camera."""

import os
from pathlib import Path
from typing import Annotated

import typer

from facegate.core.pinned import PinnedFile, PyPI, Source, Url
from facegate.settings import default_models

app = typer.Typer(help="The people of the demo and the tests.", no_args_is_help=True)

_FACE_RECOGNITION = "https://raw.githubusercontent.com/ageitgey/face_recognition/v1.3.0/tests/test_images"
_SCIKIT_IMAGE = "https://raw.githubusercontent.com/scikit-image/scikit-image/v0.25.2/skimage/data"


def _portrait(name: str, sha256: str, size: int) -> PinnedFile:
    """Return a picture of the face_recognition project: portraits by the US government, in the public domain."""
    package = PyPI(
        "face_recognition==1.3.0",
        "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        f"face_recognition-1.3.0/tests/test_images/{name}",
        source=True,  # the wheel leaves the pictures out
    )
    sources: tuple[Source, ...] = (Url(f"{_FACE_RECOGNITION}/{name}"), package)
    return PinnedFile(name, sha256, size, sources)


PEOPLE = (
    _portrait("obama.jpg", "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6", 279_922),
    _portrait("obama2.jpg", "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6", 184_455),
    _portrait("obama3.jpg", "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3", 595_944),
    _portrait("biden.jpg", "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c", 353_723),
    _portrait("obama_partial_face.jpg", "c2d1f09e7ef3042352b41e41286e6eb0522f64f88308be13886991b95db52117", 423_060),
    _portrait("obama_partial_face2.jpg", "9a812347f97633542b8cd9992de22def11b74f79d82056bc3ee830f13878e028", 478_346),
    PinnedFile(  # Eileen Collins, photographed by NASA: public domain
        "astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        791_555,
        (
            Url(f"{_SCIKIT_IMAGE}/astronaut.png"),
            PyPI(
                "scikit-image==0.25.2",
                "b8abd3c805ce6944b941cfed0406d88faeb19bab3ed3d4b50187af55cf24d147",
                "skimage/data/astronaut.png",
                # One wheel for every machine: it is only opened as an archive.
                target=("--platform", "manylinux2014_x86_64", "--python-version", "3.13", "--implementation", "cp"),
            ),
        ),
    ),
)


def default_people() -> Path:
    """The folder of the pictures when none is named: ``FACEGATE_PEOPLE``, else beside the models."""
    return Path(os.environ.get("FACEGATE_PEOPLE") or default_models().with_name("people"))


@app.callback()
def _group() -> None:
    """The people of the demo and the tests."""


@app.command("fetch")
def fetch_people(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where the pictures lie; FACEGATE_PEOPLE by default.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing unless something fails.")] = False,
) -> None:
    """Fetch the pictures and verify them; what is there and intact is left alone."""
    from facegate.cli.fetching import fetch

    fetch(folder or default_people(), PEOPLE, quiet=quiet)
