"""Sessions start on what the machine has, and say what is wrong."""

import hashlib
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from facegate.settings import Inference, make_settings
from facegate.vision import load, prepare, zoo
from facegate.vision.errors import ModelError, RuntimeModelError
from facegate.vision.runtime import Runtime
from tests.parts.eyes import models_folder

DATA = np.random.default_rng(5).uniform(0, 255, (1, 3, 112, 112)).astype(np.float32)


def published(name: str) -> bytes:
    return zoo.verified_bytes(models_folder(), name)


def unprepared(name: str, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    """What the published file answers, run as it is."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(published(name), options, providers=["CPUExecutionProvider"])
    return session.run(None, feed)


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_a_session_runs_on_any_number_of_threads(threads):
    session = Runtime(Inference(threads=threads)).session(prepare.classifier(published("sface")), "sface")
    (answer,) = session.run({"data": DATA})
    assert answer.shape == (1, 128)


@pytest.mark.parametrize("provider", ["CUDA", "OpenVINO"])
def test_a_provider_that_is_not_built_in_falls_back_and_says_so(provider):
    runtime = Runtime(Inference(provider=provider))
    assert runtime.provider == "CPU"
    assert provider in runtime.fallback
    (answer,) = runtime.session(prepare.classifier(published("sface"))).run({"data": DATA})
    assert np.isfinite(answer).all()


@pytest.mark.parametrize("fault", ["raises", "no device"])
def test_a_plugin_that_does_not_work_falls_back_and_says_so(monkeypatch, fault):
    """A package in the place of the one that brings OpenVINO, whose library is none, or that finds no hardware."""
    package = types.ModuleType("onnxruntime_ep_openvino")
    package.get_library_path = lambda: "/nowhere/libopenvino.so"
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_openvino", package)
    if fault == "no device":
        monkeypatch.setattr(onnxruntime, "register_execution_provider_library", lambda *_: None)
        monkeypatch.setattr("facegate.vision.runtime._registered", set())
    runtime = Runtime(Inference(provider="OpenVINO"))
    assert runtime.provider == "CPU"
    assert runtime.fallback.startswith("OpenVINO is not used but the CPU: ")
    assert ("finds no device" in runtime.fallback) is (fault == "no device")
    (answer,) = runtime.session(prepare.classifier(published("sface"))).run({"data": DATA})
    assert np.isfinite(answer).all()


# Prepared once


@pytest.fixture
def recipe():
    """Counts how often a graph is prepared."""

    def classifier(content: bytes) -> bytes:
        classifier.times += 1
        return prepare.classifier(content)

    classifier.times = 0
    return classifier


PICTURE = np.random.default_rng(8).uniform(0, 255, (1, 3, 80, 80)).astype(np.float32)
LIVE = "minifasnet_v2"


def start(cache, recipe, *, model: bytes | None = None, inference: Inference | None = None):
    runtime = Runtime(inference or Inference(), cache)
    session = runtime.prepared(lambda: model or published(LIVE), LIVE, recipe)
    return session.run({session.inputs[0]: PICTURE})[0]


def test_a_graph_is_prepared_once_and_then_read(tmp_path, recipe):
    without = start(None, recipe)
    first = start(tmp_path / "cache", recipe)
    (kept,) = (tmp_path / "cache").iterdir()
    again = start(tmp_path / "cache", recipe)
    assert recipe.times == 2
    assert np.array_equal(first, without)
    assert np.array_equal(again, without)
    assert list((tmp_path / "cache").iterdir()) == [kept]
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["flipped", "short", "empty", "foreign"])
def test_a_damaged_graph_is_made_anew(tmp_path, recipe, damage):
    expected = start(tmp_path, recipe)
    (kept,) = tmp_path.iterdir()
    content = kept.read_bytes()
    if damage == "foreign":  # whole and rightly named, but of no use
        kept.unlink()
        content = b"no graph"
        kept = kept.with_name(f"{kept.stem.rpartition('-')[0]}-{hashlib.sha256(content).hexdigest()}.onnx")
        kept.write_bytes(content)
    else:
        flipped = bytes((content[0] ^ 1,)) + content[1:]
        kept.write_bytes({"flipped": flipped, "short": content[:-1], "empty": b""}[damage])
    assert np.array_equal(start(tmp_path, recipe), expected)
    assert recipe.times == 2
    assert np.array_equal(start(tmp_path, recipe), expected)
    assert recipe.times == 2
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("change", ["model", "version", "processor"])
def test_a_graph_made_from_or_with_something_else_is_not_used(tmp_path, recipe, monkeypatch, change):
    start(tmp_path, recipe)
    (before,) = tmp_path.iterdir()
    model = published(LIVE)
    if change == "model":
        graph = onnx.load_from_string(model)
        graph.doc_string = "another one"
        model = graph.SerializeToString()
    elif change == "version":
        monkeypatch.setattr(onnxruntime, "__version__", "0.0.0")
    else:
        monkeypatch.setattr("facegate.vision.graphs.chip", lambda: "another one")
    start(tmp_path, recipe, model=model)
    assert recipe.times == 2
    (after,) = tmp_path.iterdir()
    assert after.name != before.name


@pytest.mark.parametrize("place", ["a file", "/proc"])
def test_without_a_place_for_graphs_they_are_prepared_each_time(tmp_path, recipe, place):
    file = tmp_path / "file"
    file.write_text("")
    folder = file / "cache" if place == "a file" else Path("/proc/cache")
    assert np.array_equal(start(folder, recipe), start(folder, recipe))
    assert recipe.times == 2


def test_a_model_that_cannot_be_started_is_kept_nowhere(tmp_path):
    with pytest.raises(RuntimeModelError, match="facegate models fetch"):
        Runtime(Inference(), tmp_path).prepared(lambda: b"published", "door", lambda _: b"no graph")
    assert list(tmp_path.iterdir()) == []


def test_the_models_of_a_service_are_prepared_in_its_data(tmp_path):
    settings = make_settings({}, data=tmp_path, models=models_folder())
    load(settings)
    kept = sorted((tmp_path / "cache").iterdir())
    assert [path.name.partition("-")[0] for path in kept] == ["minifasnet_v2", "sface", "yunet"]
    load(settings)
    assert sorted((tmp_path / "cache").iterdir()) == kept
    load(make_settings({}, data=tmp_path / "none", models=models_folder()))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("cores", "asked", "threads", "at_once"),
    [(1, 0, 1, 1), (2, 0, 2, 1), (4, 0, 4, 1), (8, 0, 4, 2), (16, 0, 4, 4), (2, 1, 1, 2), (2, 4, 4, 1)],
)
def test_threads_are_sized_to_the_machine_and_fill_it(monkeypatch, cores, asked, threads, at_once):
    monkeypatch.setattr(os, "process_cpu_count", lambda: cores)
    runtime = Runtime(Inference(threads=asked))
    assert (runtime.threads, runtime.at_once) == (threads, at_once)


def test_the_cpu_is_no_fallback():
    assert Runtime(Inference()).fallback is None


def test_an_unknown_provider_is_refused():
    with pytest.raises(RuntimeModelError, match="choose CPU, OpenVINO, CUDA"):
        Runtime(Inference(provider="Abacus"))


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x07"])
def test_bytes_that_are_no_model_are_one_sentence(content):
    with pytest.raises(RuntimeModelError, match=r"The model door cannot be started .*facegate models fetch"):
        Runtime(Inference()).session(content, "door")


def test_a_file_can_be_started_too(tmp_path):
    path = tmp_path / "sface.onnx"
    path.write_bytes(prepare.classifier(published("sface")))
    session = Runtime(Inference()).session(path)
    assert (session.name, session.inputs, session.outputs) == ("sface", ("data",), ("fc1",))


@pytest.mark.parametrize(
    "feed", [{"data": DATA[:, :, :50]}, {"data": DATA.astype(np.float64)}, {"other": DATA}, {}],
    ids=["size", "type", "name", "nothing"],
)  # fmt: skip
def test_an_input_that_does_not_fit_is_an_error(feed):
    session = Runtime(Inference()).session(prepare.classifier(published("sface")), "sface")
    with pytest.raises(RuntimeModelError, match="The model sface failed"):
        session.run(feed)


def test_the_prepared_embedder_computes_what_the_published_one_does():
    (expected,) = unprepared("sface", {"data": DATA})
    (answer,) = Runtime(Inference()).session(prepare.classifier(published("sface"))).run({"data": DATA})
    assert answer == pytest.approx(expected, abs=1e-4 * np.abs(expected).max())


def test_the_prepared_embedder_takes_several_faces():
    several = np.concatenate([DATA, DATA[:, ::-1], DATA * 0.5])
    session = Runtime(Inference()).session(prepare.classifier(published("sface")))
    (answer,) = session.run({"data": several})
    alone = np.concatenate([session.run({"data": one[None]})[0] for one in several])
    assert answer == pytest.approx(alone, abs=1e-4 * np.abs(alone).max())


def test_the_prepared_detector_computes_what_the_published_one_does():
    picture = np.random.default_rng(6).uniform(0, 255, (1, 3, 640, 640)).astype(np.float32)
    expected = unprepared("yunet", {"input": picture})
    answer = Runtime(Inference()).session(prepare.detector(published("yunet"))).run({"input": picture})
    for one, other in zip(answer, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (384, 640), (1056, 1920)])
def test_the_prepared_detector_takes_any_multiple_of_32(height, width):
    session = Runtime(Inference()).session(prepare.detector(published("yunet")))
    answer = dict(
        zip(session.outputs, session.run({"input": np.zeros((1, 3, height, width), np.float32)}), strict=True)
    )
    assert answer["cls_8"].shape == (1, height * width // 64, 1)


def test_a_prelu_that_cannot_be_rewritten_is_kept():
    """One with a slope for all channels: rare, and right as it is."""
    x = np.array([[[[-2.0, 3.0]]]], np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("PRelu", ["x", "slope"], ["y"])],
        "one",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 1, 1, 2])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 1, 1, 2])],
        [onnx.numpy_helper.from_array(np.array([0.25], np.float32), "slope")],
    )
    opset = onnx.helper.make_opsetid("", 13)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    (y,) = Runtime(Inference()).session(prepare.classifier(model)).run({"x": x})
    assert y.tolist() == [[[[-0.5, 3.0]]]]


@pytest.mark.parametrize("slopes", [[0.0, 0.25], [1.5, -0.5], [1.0, 1.0]])
def test_a_rewritten_prelu_is_the_same_function(slopes):
    x = np.array([-3.0, -0.5, 0.0, 0.5, 3.0, 0.0] * 2, np.float32).reshape(1, 2, 2, 3)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("PRelu", ["x", "slope"], ["y"])],
        "two",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 2, 2, 3])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 2, 2, 3])],
        [onnx.numpy_helper.from_array(np.array(slopes, np.float32).reshape(2, 1, 1), "slope")],
    )
    opset = onnx.helper.make_opsetid("", 13)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    (y,) = Runtime(Inference()).session(prepare.classifier(model)).run({"x": x})
    assert y == pytest.approx(np.where(x > 0, x, x * np.array(slopes).reshape(1, 2, 1, 1)), abs=1e-6)


def test_bytes_that_are_no_graph_are_one_sentence():
    with pytest.raises(ModelError, match="facegate models fetch"):
        prepare.classifier(b"\xff\xff\xff")


def test_onnxruntime_reports_nothing_to_its_maker(tmp_path: Path):
    """Its telemetry begins with a session file in the temporary folder."""
    program = (
        "from facegate.vision.runtime import Runtime; from facegate.settings import Inference; Runtime(Inference())"
    )
    # It also keeps quiet where it finds itself in continuous integration, which an owner's box is not.
    quiet = {"ORT_DISABLE_TELEMETRY", "CI", "GITHUB_ACTIONS"}
    environment = {key: value for key, value in os.environ.items() if key not in quiet}
    for prelude, files in (("", []), ("import onnxruntime; ", [".ses"])):  # the second shows what the first avoids
        folder = tmp_path / str(len(files))
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", prelude + program], env=environment | {"TMPDIR": str(folder)}, check=True, timeout=60
        )
        assert [path.name for path in folder.iterdir()] == files
