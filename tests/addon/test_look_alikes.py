"""Whoever enrols somebody who looks like a resident is told so, with the service running or not."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from facegate.adapters import local_access
from facegate.adapters.store import Store
from facegate.cli import app
from facegate.core.models import Vector
from facegate.residents.enrolment import Picture, examine
from facegate.residents.notices import FACE
from tests.parts.eyes import models, models_folder, people_folder
from tests.parts.web import LOCAL_TOKEN, running_site

PICTURE = people_folder() / "astronaut.png"
ALIKE = 0.55
"""Above the threshold of 0.49, so that the margin alone keeps the two apart."""


def look_alike() -> Vector:
    (vector,) = examine(models(), [Picture(PICTURE.name, PICTURE)], ()).vectors
    other = np.random.default_rng(4).standard_normal(len(vector)).astype(np.float32)
    other -= vector * (other @ vector)
    other /= np.linalg.norm(other)
    return np.asarray(ALIKE * vector + np.sqrt(1 - ALIKE**2) * other, np.float32)


def admit_look_alike(store: Store) -> None:
    other = store.add_resident("Resident 2")
    consent = store.add_consent(other.id, notice=FACE["en"].hash, language="en", channel="command_line")
    store.add_templates(other.id, models().embedder.model, [look_alike()], consent.id)


def enroll(data: Path, *given: str) -> str:
    arguments = ["enroll", "Resident 1", str(PICTURE), "--yes", "--data", str(data), "--models", str(models_folder())]
    done = CliRunner().invoke(app, [*arguments, *given])
    assert done.exit_code == 0, done.output
    return " ".join(done.stderr.split())


WARNING = (
    "Resident 1 looks much like Resident 2 (similarity 0.55): where the gate cannot tell them apart it stays closed"
)


@pytest.mark.parametrize("language", ["zh", "zh-Hans"])
def test_the_command_warns_of_the_pair(tmp_path: Path, language: str) -> None:
    with Store.open(tmp_path) as store:
        admit_look_alike(store)
    assert WARNING in enroll(tmp_path, "--language", language)
    with Store.open(tmp_path) as store:
        (resident,) = [resident for resident in store.residents() if resident.name == "Resident 1"]
        assert [consent.language for consent in store.consents(resident.id)] == ["zh-Hans"]


async def test_the_running_service_warns_of_the_pair(tmp_path: Path) -> None:
    body = {"name": "Resident 1", "pictures": [str(PICTURE)], "language": "zh", "channel": "on paper"}
    async with running_site(tmp_path) as site:
        local_access.offer(tmp_path, local_access.LocalAccess(f"http://127.0.0.1:{site.running.api_port}", LOCAL_TOKEN))
        admit_look_alike(site.store)
        reply = await site.ask("POST", "/enrolments", body, token=LOCAL_TOKEN)
        assert reply.content["alike"] == [{"name": "Resident 2", "score": ALIKE}]
        for resident in site.store.residents():
            if resident.name == "Resident 1":
                assert [consent.language for consent in site.store.consents(resident.id)] == ["zh-Hans"]
                site.store.erase_resident(resident.id)
        assert WARNING in await asyncio.to_thread(enroll, tmp_path)
