"""Makes published graphs fit for use, in memory and from verified bytes, at every start (0.2 s for the largest).

Nothing here changes what a model computes, beyond the rounding of float32.
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from facegate.vision.errors import ModelError


def detector(content: bytes) -> bytes:
    """Return YuNet taking any height and width that are multiples of 32; it is published for 640 × 640 alone.

    The graph is fully convolutional; only its declared shapes are fixed.
    """
    model = _parse(content)
    shape = model.graph.input[0].type.tensor_type.shape.dim
    shape[2].dim_param, shape[3].dim_param = "height", "width"
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"{output.name}_places"
    return _bytes(model)


def classifier(content: bytes) -> bytes:
    """Return a model of pictures that takes any number of them at once, and runs in half the time."""
    model = _parse(content)
    del content  # as large as the graph: whoever kept no copy need not hold both while it is rewritten
    _keep_weights(model.graph)
    for node in (*model.graph.input, *model.graph.output):
        node.type.tensor_type.shape.dim[0].dim_param = "pictures"
    _replace_prelu(model.graph)
    return _bytes(model)


def _keep_weights(graph: onnx.GraphProto) -> None:
    """Make weights constants: old exporters list them as inputs, which the runtime then must not fold."""
    weights = {weight.name for weight in graph.initializer}
    inputs = [node for node in graph.input if node.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)


def _replace_prelu(graph: onnx.GraphProto) -> None:
    """Write every PRelu over channels as x + (1 - slope) · Relu(-x), in convolutions of one pixel.

    That is the same function. onnxruntime's PRelu is slower than the convolutions around it (15 of SFace's 28 ms), and
    each one breaks the blocked memory layout; written so, both halves are fused into it.
    """
    weights = {weight.name: weight for weight in graph.initializer}
    nodes = []
    for node in graph.node:
        slope = numpy_helper.to_array(weights[node.input[1]]) if _has_slope(node, weights) else np.zeros(0)
        if slope.ndim != 3 or slope.size != slope.shape[0]:  # (channels, 1, 1): one slope a channel of a picture
            nodes.append(node)
            continue
        x, y, channels = node.input[0], node.output[0], slope.shape[0]
        minus = np.full((channels, 1, 1, 1), -1, np.float32)
        rest = (1 - slope).reshape(channels, 1, 1, 1).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(minus, f"{y}_minus"))
        graph.initializer.append(numpy_helper.from_array(rest, f"{y}_rest"))
        per_channel = {"group": channels, "kernel_shape": [1, 1]}
        nodes += [
            helper.make_node("Conv", [x, f"{y}_minus"], [f"{y}_negative"], **per_channel),
            helper.make_node("Relu", [f"{y}_negative"], [f"{y}_below"]),
            helper.make_node("Conv", [f"{y}_below", f"{y}_rest"], [f"{y}_lift"], **per_channel),
            helper.make_node("Add", [f"{y}_lift", x], [y]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    # One by one: a new list of those kept would be a copy of all weights.
    for index in reversed(range(len(graph.initializer))):
        if graph.initializer[index].name not in used:
            del graph.initializer[index]


def _has_slope(node: onnx.NodeProto, weights: dict[str, onnx.TensorProto]) -> bool:
    return node.op_type == "PRelu" and node.input[1] in weights


def _parse(content: bytes) -> onnx.ModelProto:
    try:
        return onnx.load_from_string(content)
    except Exception as error:  # protobuf's DecodeError, whose place differs between its versions
        raise ModelError("The model is no ONNX graph: fetch it again with 'facegate models fetch'.") from error


def _bytes(model: onnx.ModelProto) -> bytes:
    del model.graph.value_info[:]  # shapes inferred for the old graph
    prepared: bytes = model.SerializeToString()
    return prepared
