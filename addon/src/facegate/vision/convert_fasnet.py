"""Turns the published TensorFlow Lite copy of MiniFASNetV2 into ONNX, without TensorFlow.

It knows the operators of this one network and refuses everything else. TensorFlow Lite keeps channels last, ONNX
first; the exporter wrote PReLU as SELECT(x > 0, x, slope · x) with the slope repeated for every pixel. The result is
the same function (to 7e-6 of its logits) and always the same bytes, which ``zoo`` pins.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import onnx
import tflite  # type: ignore[import-untyped]  # generated code without types; reads flatbuffers and nothing else
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from facegate.vision.errors import ModelError

_OPSET, _IR_VERSION = 13, 8  # old enough for every onnxruntime, and fixed: the result's bytes depend on them
_OPERATORS: dict[int, str] = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
_DTYPES = {tflite.TensorType.FLOAT32: np.float32, tflite.TensorType.INT32: np.int32, tflite.TensorType.INT64: np.int64}


def convert(flatbuffer: bytes) -> bytes:
    """Return the ONNX model: ``input`` (1, 3, h, w) → ``logits`` (1, classes). Raises ModelError."""
    try:
        graph = _Reader(tflite.Model.GetRootAsModel(flatbuffer, 0))
        return graph.convert()
    except (struct.error, TypeError, AttributeError, IndexError, KeyError) as error:
        raise ModelError("The TensorFlow Lite model cannot be read: its file is not the published one.") from error


@dataclass(slots=True)
class _Reader:
    """The flatbuffer on one side, the ONNX nodes made so far on the other."""

    model: tflite.Model
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    padded: dict[int, tuple[int, list[int]]] = field(default_factory=dict)  # output of PAD → its input, ONNX pads
    scaled: dict[int, tuple[int, NDArray[np.float32]]] = field(default_factory=dict)  # output of MUL → input, factor

    def convert(self) -> bytes:
        graph = self.model.Subgraphs(0)
        known: dict[str, Callable[[tflite.Operator], None]] = {
            "PAD": self.pad,
            "CONV_2D": self.convolution,
            "DEPTHWISE_CONV_2D": self.convolution,
            "GREATER": self.greater,
            "MUL": self.multiply,
            "SELECT": self.select,
            "ADD": self.add,
            "RESHAPE": self.reshape,
            "FULLY_CONNECTED": self.fully_connected,
        }
        for number in range(graph.OperatorsLength()):
            operator = graph.Operators(number)
            name = self.name(operator)
            if name not in known:
                raise ModelError(f"The TensorFlow Lite model has an operator {name} that MiniFASNetV2 has not.")
            known[name](operator)
        _, height, width, channels = self.shape(graph.Inputs(0))
        classes = self.shape(graph.Outputs(0))[-1]
        wire = {f"t{graph.Inputs(0)}": "input", f"t{graph.Outputs(0)}": "logits"}
        for node in self.nodes:
            node.input[:] = [wire.get(name, name) for name in node.input]
            node.output[:] = [wire.get(name, name) for name in node.output]
        made = helper.make_graph(
            self.nodes,
            "minifasnet_v2",
            [helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, [1, channels, height, width])],
            [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, classes])],
            self.weights,
        )
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(made, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="facegate")
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    # Reading

    def name(self, operator: tflite.Operator) -> str:
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        return _OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]  # old files have the second alone

    def shape(self, tensor: int) -> list[int]:
        return [int(side) for side in self.model.Subgraphs(0).Tensors(tensor).ShapeAsNumpy()]

    def constant(self, tensor: int) -> NDArray[np.float32] | None:
        """Return the values of a tensor that the file holds, ``None`` for one that is computed."""
        found = self.model.Subgraphs(0).Tensors(tensor)
        buffer = self.model.Buffers(found.Buffer())
        if buffer.DataLength() == 0:
            return None
        values = np.frombuffer(buffer.DataAsNumpy().tobytes(), _DTYPES[found.Type()])
        return values.reshape(self.shape(tensor))

    def weight(self, tensor: int) -> NDArray[np.float32]:
        values = self.constant(tensor)
        if values is None:
            raise ModelError(f"The TensorFlow Lite model computes its weight {tensor}: MiniFASNetV2 does not.")
        return values

    # Writing

    def store(self, name: str, values: NDArray[np.float32]) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def options[T: (tflite.Conv2DOptions, tflite.DepthwiseConv2DOptions)](
        self, operator: tflite.Operator, kind: type[T]
    ) -> T:
        options, table = kind(), operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        if options.FusedActivationFunction() != tflite.ActivationFunctionType.NONE:
            raise ModelError("The TensorFlow Lite model has a fused activation: MiniFASNetV2 has none.")
        return options

    def pad(self, operator: tflite.Operator) -> None:
        """Remember the padding: ONNX's convolution does it itself."""
        (_, _), (top, bottom), (left, right), (_, _) = self.weight(operator.Inputs(1)).tolist()
        self.padded[operator.Outputs(0)] = operator.Inputs(0), [top, left, bottom, right]

    def convolution(self, operator: tflite.Operator) -> None:
        depthwise = self.name(operator) == "DEPTHWISE_CONV_2D"
        options = self.options(operator, tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions)
        source, output = operator.Inputs(0), operator.Outputs(0)
        kernel = self.weight(operator.Inputs(1))  # (out, h, w, in), depthwise (1, h, w, out)
        kernel = kernel.transpose(3, 0, 1, 2) if depthwise else kernel.transpose(0, 3, 1, 2)
        size = kernel.shape[2:]
        pads = [0, 0, 0, 0]
        if source in self.padded:
            source, pads = self.padded[source]
        elif options.Padding() == tflite.Padding.SAME and size != (1, 1):
            pads = self.same(source, size, (options.StrideH(), options.StrideW()))
        self.nodes.append(
            helper.make_node(
                "Conv",
                [
                    f"t{source}",
                    self.store(f"w{output}", kernel),
                    self.store(f"b{output}", self.weight(operator.Inputs(2))),
                ],
                [f"t{output}"],
                kernel_shape=size,
                strides=[options.StrideH(), options.StrideW()],
                pads=pads,
                group=kernel.shape[0] if depthwise else 1,
            )
        )

    def same(self, source: int, size: tuple[int, ...], strides: tuple[int, int]) -> list[int]:
        """Return the ONNX pads of TensorFlow's SAME: what is odd goes to the bottom and the right."""
        sides = self.shape(source)[1:3]
        missing = [
            max((-(-side // stride) - 1) * stride + reach - side, 0)
            for side, reach, stride in zip(sides, size, strides, strict=True)
        ]
        return [missing[0] // 2, missing[1] // 2, missing[0] - missing[0] // 2, missing[1] - missing[1] // 2]

    def greater(self, operator: tflite.Operator) -> None:
        """The first of three operators that are one PRelu; it must compare with zero."""
        if self.weight(operator.Inputs(1)).any():
            raise ModelError("The TensorFlow Lite model compares with other values than 0: MiniFASNetV2 does not.")

    def multiply(self, operator: tflite.Operator) -> None:
        """The second: the slopes."""
        self.scaled[operator.Outputs(0)] = operator.Inputs(0), self.weight(operator.Inputs(1))

    def select(self, operator: tflite.Operator) -> None:
        """The third: where x > 0, x, else what was multiplied."""
        output, (source, slopes) = operator.Outputs(0), self.scaled[operator.Inputs(2)]
        slope = slopes[:, :1, :1, :]
        if source != operator.Inputs(1) or (slopes != slope).any():
            raise ModelError("The TensorFlow Lite model has a SELECT that is no PReLU: MiniFASNetV2 has none.")
        weight = self.store(f"a{output}", slope.reshape(-1, 1, 1))
        self.nodes.append(helper.make_node("PRelu", [f"t{source}", weight], [f"t{output}"]))

    def add(self, operator: tflite.Operator) -> None:
        inputs = [f"t{operator.Inputs(number)}" for number in range(2)]
        self.nodes.append(helper.make_node("Add", inputs, [f"t{operator.Outputs(0)}"]))

    def reshape(self, operator: tflite.Operator) -> None:
        """One pixel with channels becomes a row: the same in both layouts."""
        _, height, width, _ = self.shape(operator.Inputs(0))
        if (height, width) != (1, 1):
            raise ModelError("The TensorFlow Lite model flattens more than one pixel: MiniFASNetV2 does not.")
        self.nodes.append(helper.make_node("Flatten", [f"t{operator.Inputs(0)}"], [f"t{operator.Outputs(0)}"]))

    def fully_connected(self, operator: tflite.Operator) -> None:
        output = operator.Outputs(0)
        inputs = [f"t{operator.Inputs(0)}", self.store(f"w{output}", self.weight(operator.Inputs(1)))]
        if operator.InputsLength() > 2 and operator.Inputs(2) >= 0:
            inputs.append(self.store(f"b{output}", self.weight(operator.Inputs(2))))
        self.nodes.append(helper.make_node("Gemm", inputs, [f"t{output}"], transB=1))
