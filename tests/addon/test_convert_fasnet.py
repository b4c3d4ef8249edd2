"""The converter keeps what a TensorFlow Lite network computes, and refuses what it does not know."""

import hashlib

import numpy as np
import onnx
import pytest
import tflite

from facegate.core.pinned import Converted
from facegate.settings import Inference
from facegate.vision import prepare, zoo
from facegate.vision.convert_fasnet import convert
from facegate.vision.errors import ModelError
from facegate.vision.runtime import Runtime
from tests.parts.eyes import models_folder
from tests.parts.flatbuffer import Network, convolve

OP, OPTIONS = tflite.BuiltinOperator, tflite.BuiltinOptions
VALID, SAME = tflite.Padding.VALID, tflite.Padding.SAME


def conv(padding: int, stride: int, activation: int = 0) -> tuple[int, str, dict[str, int]]:
    return OPTIONS.Conv2DOptions, "Conv2D", {
        "Padding": padding, "StrideH": stride, "StrideW": stride, "FusedActivationFunction": activation,
    }  # fmt: skip


def depthwise(padding: int, stride: int) -> tuple[int, str, dict[str, int]]:
    fields = {"Padding": padding, "StrideH": stride, "StrideW": stride, "DepthMultiplier": 1}
    return OPTIONS.DepthwiseConv2DOptions, "DepthwiseConv2D", fields


def small_network(random: np.random.Generator, side: int) -> tuple[bytes, np.ndarray, np.ndarray]:
    """A network of every operator that MiniFASNetV2 has: the file, an input, and its output worked out by hand."""

    def values(*shape: int) -> np.ndarray:
        return random.normal(0, 0.5, shape).astype(np.float32)

    x = values(1, side, side, 3)
    net = Network()
    given = net.tensor(x.shape)

    # An explicit border, a convolution that halves the side
    kernel, bias = values(4, 3, 3, 3), values(4)
    edge = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
    padded = np.pad(x, edge)
    last = net.operator(OP.PAD, [given, net.constant(edge)], net.tensor(padded.shape), (OPTIONS.PadOptions, "Pad", {}))
    y = convolve(padded, kernel, bias, 2, depthwise=False)
    last = net.operator(
        OP.CONV_2D, [last, net.constant(kernel), net.constant(bias)], net.tensor(y.shape), conv(VALID, 2)
    )
    slopes = values(4)
    last, y = net.prelu(last, slopes), np.where(y > 0, y, slopes * y)
    branch, kept = last, y

    # A depthwise convolution that keeps the side: TensorFlow's SAME
    kernel, bias = values(1, 3, 3, 4), values(4)
    y = convolve(np.pad(y, edge), kernel, bias, 1, depthwise=True)
    weights = [net.constant(kernel), net.constant(bias)]
    last = net.operator(OP.DEPTHWISE_CONV_2D, [last, *weights], net.tensor(y.shape), depthwise(SAME, 1))
    last, y = net.operator(OP.ADD, [branch, last], net.tensor(y.shape), (OPTIONS.AddOptions, "Add", {})), y + kept

    # SAME at stride 2 on an even side: the odd border goes to the bottom and the right
    kernel, bias = values(1, 3, 3, 4), values(4)
    missing = max((-(-y.shape[1] // 2) - 1) * 2 + 3 - y.shape[1], 0)
    border = (missing // 2, missing - missing // 2)
    y = convolve(np.pad(y, ((0, 0), border, border, (0, 0))), kernel, bias, 2, depthwise=True)
    weights = [net.constant(kernel), net.constant(bias)]
    last = net.operator(OP.DEPTHWISE_CONV_2D, [last, *weights], net.tensor(y.shape), depthwise(SAME, 2))

    # To one pixel, to a row, to classes
    kernel, bias = values(1, y.shape[1], y.shape[2], 4), values(4)
    y = convolve(y, kernel, bias, 1, depthwise=True)
    weights = [net.constant(kernel), net.constant(bias)]
    last = net.operator(OP.DEPTHWISE_CONV_2D, [last, *weights], net.tensor(y.shape), depthwise(VALID, 1))
    row = net.constant(np.array([1, 4], np.int32))
    last, y = net.operator(OP.RESHAPE, [last, row], net.tensor((1, 4))), y.reshape(1, 4)
    for width in (5, 3):
        weight, bias = values(width, y.shape[1]), values(width)
        y = y @ weight.T + bias
        constants = [net.constant(weight), net.constant(bias)]
        options = (OPTIONS.FullyConnectedOptions, "FullyConnected", {})
        last = net.operator(OP.FULLY_CONNECTED, [last, *constants], net.tensor(y.shape), options)
    return net.write(given, last), x, y


@pytest.mark.parametrize("side", [8, 9, 10, 13])
@pytest.mark.parametrize("prepared", [False, True], ids=["as converted", "as it is run"])
def test_the_converted_network_computes_the_same(side, prepared):
    content, x, expected = small_network(np.random.default_rng(side), side)
    model = convert(content)
    session = Runtime(Inference()).session(prepare.classifier(model) if prepared else model)
    assert (session.inputs, session.outputs) == (("input",), ("logits",))
    (answer,) = session.run({"input": np.ascontiguousarray(x.transpose(0, 3, 1, 2))})
    assert answer == pytest.approx(expected, abs=1e-4)


def test_the_same_file_gives_the_same_bytes():
    content, _, _ = small_network(np.random.default_rng(1), 8)
    assert convert(content) == convert(content)
    onnx.checker.check_model(onnx.load_from_string(convert(content)), full_check=True)


def test_the_model_in_use_is_the_published_one_or_its_pinned_conversion():
    content = zoo.verified_bytes(models_folder(), "minifasnet_v2")
    model = zoo.known("minifasnet_v2")
    conversions = [source.sha256 for source in model.sources if isinstance(source, Converted)]
    assert hashlib.sha256(content).hexdigest() in {model.sha256, *conversions}


def one_step(code: int, *, constants=(), options=None, shape=(1, 2, 2, 3)) -> bytes:
    net = Network()
    given = net.tensor(shape)
    inputs = [given, *(net.constant(np.asarray(values)) for values in constants)]
    return net.write(given, net.operator(code, inputs, net.tensor(shape), options))


def broken_prelu() -> bytes:
    """A slope that differs from pixel to pixel is no PReLU."""
    net = Network()
    given = net.tensor((1, 2, 2, 3))
    return net.write(given, net.prelu(given, np.arange(12).reshape(1, 2, 2, 3)))


def computed_weight() -> bytes:
    net = Network()
    given = net.tensor((1, 2))
    return net.write(given, net.operator(OP.FULLY_CONNECTED, [given, given], net.tensor((1, 2))))


FLOATS = np.zeros((3, 1, 1, 3), np.float32)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (one_step(OP.SOFTMAX), "operator SOFTMAX"),
        (one_step(OP.GREATER, constants=[np.ones((1, 2, 2, 3), np.float32)]), "other values than 0"),
        (one_step(OP.CONV_2D, constants=[FLOATS, FLOATS[:, 0, 0, 0]], options=conv(VALID, 1, 1)), "fused activation"),
        (one_step(OP.RESHAPE, constants=[np.array([1, 12], np.int32)]), "more than one pixel"),
        (broken_prelu(), "no PReLU"),
        (computed_weight(), "computes its weight"),
        (b"", "cannot be read"),
        (b"\0" * 64, "cannot be read"),
        (b"\xff" * 64, "cannot be read"),
        (small_network(np.random.default_rng(1), 8)[0][:300], "cannot be read"),
    ],
)
def test_what_is_not_this_network_is_refused(content, reason):
    with pytest.raises(ModelError, match=reason):
        convert(content)
