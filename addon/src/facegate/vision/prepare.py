"""Makes published graphs fit for use, in memory and from verified bytes, at every start (0.1 s for the largest)."""

import onnx

from facegate.vision.errors import ModelError


def free_size(content: bytes) -> bytes:
    """Return an image model that takes any height and width it was fixed to one of (YuNet: multiples of 32).

    Its graph is fully convolutional; only the declared shapes are fixed.
    """
    model = _parse(content)
    shape = model.graph.input[0].type.tensor_type.shape.dim
    shape[2].dim_param, shape[3].dim_param = "height", "width"
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"{output.name}_places"
    del model.graph.value_info[:]  # shapes inferred for the old size
    prepared: bytes = model.SerializeToString()
    return prepared


def free_batch(content: bytes) -> bytes:
    """Return a model that takes any number of pictures at once, and whose weights are constants.

    Old exporters list the weights as inputs that a caller may override: the runtime then cannot fold them.
    """
    model = _parse(content)
    graph = model.graph
    weights = {weight.name for weight in graph.initializer}
    inputs = [node for node in graph.input if node.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)
    for node in (*graph.input, *graph.output):
        node.type.tensor_type.shape.dim[0].dim_param = "pictures"
    del graph.value_info[:]
    prepared: bytes = model.SerializeToString()
    return prepared


def _parse(content: bytes) -> onnx.ModelProto:
    try:
        return onnx.load_from_string(content)
    except Exception as error:  # protobuf's DecodeError, whose place differs between its versions
        raise ModelError("The model is no ONNX graph: fetch it again with 'facegate models fetch'.") from error
