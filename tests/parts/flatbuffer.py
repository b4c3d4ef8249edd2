"""Small TensorFlow Lite files, written operator by operator, and what they compute, worked out in numpy."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import flatbuffers
import numpy as np
import tflite

_TYPES = {np.dtype(np.float32): tflite.TensorType.FLOAT32, np.dtype(np.int32): tflite.TensorType.INT32}
_FIRST_EXTENSION = 127  # older files keep codes below it in one byte


@dataclass(slots=True)
class Network:
    """One subgraph. ``tensor`` returns the number of a tensor; ``operator`` adds a step."""

    tensors: list[tuple[tuple[int, ...], np.ndarray | None]] = field(default_factory=list)
    operators: list[tuple[int, Sequence[int], int, tuple[int, str, dict[str, int]] | None]] = field(
        default_factory=list
    )

    def tensor(self, shape: Sequence[int]) -> int:
        """A tensor that is computed."""
        self.tensors.append((tuple(shape), None))
        return len(self.tensors) - 1

    def constant(self, values: np.ndarray) -> int:
        """A tensor that the file holds."""
        self.tensors.append((values.shape, values))
        return len(self.tensors) - 1

    def operator(
        self, code: int, inputs: Sequence[int], output: int, options: tuple[int, str, dict[str, int]] | None = None
    ) -> int:
        """One step; ``options``: type in the union, name of the table, its fields. Returns ``output``."""
        self.operators.append((code, inputs, output, options))
        return output

    def prelu(self, x: int, slopes: np.ndarray) -> int:
        """The three steps that exporters write for it, with the slope repeated for every pixel."""
        shape = self.tensors[x][0]
        zero = self.constant(np.zeros(shape, np.float32))
        slope = self.constant(np.broadcast_to(slopes.astype(np.float32), shape).copy())
        positive = self.operator(tflite.BuiltinOperator.GREATER, [x, zero], self.tensor(shape))
        scaled = self.operator(
            tflite.BuiltinOperator.MUL, [x, slope], self.tensor(shape), (tflite.BuiltinOptions.MulOptions, "Mul", {})
        )
        return self.operator(tflite.BuiltinOperator.SELECT, [positive, x, scaled], self.tensor(shape))

    def write(self, given: int, wanted: int) -> bytes:
        """The file with the input ``given`` and the output ``wanted``."""
        builder = flatbuffers.Builder()
        buffers = [self._buffer(builder, None)] + [self._buffer(builder, values) for _, values in self.tensors]
        tensors = [self._tensor(builder, number) for number in range(len(self.tensors))]
        codes = sorted({code for code, *_ in self.operators})
        operators = [self._operator(builder, codes.index(code), *rest) for code, *rest in self.operators]
        inputs, outputs = self._numbers(builder, [given]), self._numbers(builder, [wanted])
        tensor_vector, operator_vector = self._offsets(builder, tensors), self._offsets(builder, operators)
        tflite.SubGraphStart(builder)
        tflite.SubGraphAddTensors(builder, tensor_vector)
        tflite.SubGraphAddInputs(builder, inputs)
        tflite.SubGraphAddOutputs(builder, outputs)
        tflite.SubGraphAddOperators(builder, operator_vector)
        subgraphs = self._offsets(builder, [tflite.SubGraphEnd(builder)])
        code_vector = self._offsets(builder, [self._code(builder, code) for code in codes])
        buffer_vector = self._offsets(builder, buffers)
        tflite.ModelStart(builder)
        tflite.ModelAddVersion(builder, 3)
        tflite.ModelAddOperatorCodes(builder, code_vector)
        tflite.ModelAddSubgraphs(builder, subgraphs)
        tflite.ModelAddBuffers(builder, buffer_vector)
        builder.Finish(tflite.ModelEnd(builder), b"TFL3")
        return bytes(builder.Output())

    def _buffer(self, builder: flatbuffers.Builder, values: np.ndarray | None) -> int:
        data = None if values is None else builder.CreateByteVector(values.tobytes())
        tflite.BufferStart(builder)
        if data is not None:
            tflite.BufferAddData(builder, data)
        return tflite.BufferEnd(builder)

    def _tensor(self, builder: flatbuffers.Builder, number: int) -> int:
        shape, values = self.tensors[number]
        sides = self._numbers(builder, shape)
        tflite.TensorStart(builder)
        tflite.TensorAddShape(builder, sides)
        tflite.TensorAddType(builder, tflite.TensorType.FLOAT32 if values is None else _TYPES[values.dtype])
        tflite.TensorAddBuffer(builder, number + 1)
        return tflite.TensorEnd(builder)

    def _operator(self, builder, index, inputs, output, options) -> int:
        table = None
        if options is not None:
            kind, name, fields = options
            getattr(tflite, f"{name}OptionsStart")(builder)
            for member, value in fields.items():
                getattr(tflite, f"{name}OptionsAdd{member}")(builder, value)
            table = getattr(tflite, f"{name}OptionsEnd")(builder)
        given, made = self._numbers(builder, inputs), self._numbers(builder, [output])
        tflite.OperatorStart(builder)
        tflite.OperatorAddOpcodeIndex(builder, index)
        tflite.OperatorAddInputs(builder, given)
        tflite.OperatorAddOutputs(builder, made)
        if table is not None:
            tflite.OperatorAddBuiltinOptionsType(builder, kind)
            tflite.OperatorAddBuiltinOptions(builder, table)
        return tflite.OperatorEnd(builder)

    def _code(self, builder: flatbuffers.Builder, code: int) -> int:
        tflite.OperatorCodeStart(builder)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(code, _FIRST_EXTENSION))
        tflite.OperatorCodeAddBuiltinCode(builder, code)
        return tflite.OperatorCodeEnd(builder)

    def _numbers(self, builder: flatbuffers.Builder, values: Sequence[int]) -> int:
        return builder.CreateNumpyVector(np.array(values, np.int32))

    def _offsets(self, builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()


def convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int, *, depthwise: bool) -> np.ndarray:
    """TensorFlow's convolution without padding, pixel by pixel: x (1, h, w, c), kernel as the file holds it."""
    _, height, width = kernel.shape[:3]
    rows = range(0, x.shape[1] - height + 1, stride)
    columns = range(0, x.shape[2] - width + 1, stride)
    made = np.zeros((1, len(rows), len(columns), len(bias)), np.float64)
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            patch = x[0, top : top + height, left : left + width].astype(np.float64)
            made[0, i, j] = (
                (patch * kernel[0]).sum(axis=(0, 1)) if depthwise else (patch[None] * kernel).sum(axis=(1, 2, 3))
            )
    return made + bias
