"""ONNX: files that we write give the same outputs in onnxruntime, and read back; hostile files raise an error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import autograd
import nn
import nn.functional as F
from autograd import Tensor
from autograd.onnx.operators import TABLE
from autograd.op import Sample, table
from autograd.tensor import wrap
from autograd.testing.draw import RandomDraw
from tests.nets import ZOO, make, tensors

onnxruntime.set_default_logger_severity(3)  # errors only


def export(model: nn.Module, *args: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    autograd.onnx.export(model, args, file, **options)
    return file.getvalue()


def in_onnxruntime(content: bytes, *inputs: Tensor) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(content)
    names = [entry.name for entry in session.get_inputs()]
    found: list[np.ndarray] = session.run(None, {name: x.array for name, x in zip(names, inputs, strict=True)})
    return found


def check(content: bytes, model: nn.Module, *inputs: Tensor, rtol: float = 1e-5, atol: float = 1e-5) -> None:
    """The file computes what the model does, in onnxruntime and read back."""
    wanted = tensors(model(*inputs))
    for found in (in_onnxruntime(content, *inputs), [y.array for y in tensors(autograd.onnx.load(content)(*inputs))]):
        assert len(found) == len(wanted)
        for y, expected in zip(found, wanted, strict=True):
            assert y.dtype == expected.dtype
            np.testing.assert_allclose(y, expected.array, rtol=rtol, atol=atol)


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*inputs)


# ── the zoo ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ZOO)
def test_zoo(name: str) -> None:
    autograd.manual_seed(0)
    model = make(name)
    (forward,) = [key for key in ("x", "text", "words", "input") if key in model.forward.__annotations__]
    content = export(model, ZOO[name].batch(3), dynamic_axes={forward: {0: "batch"}})
    for n in (1, 3, 7):
        check(content, model, ZOO[name].batch(n))
    names = {name for name, _ in model.named_parameters()}
    again = autograd.onnx.load(content)
    assert {name for name, _ in again.named_parameters()} == names
    statistics = {name for name, _ in model.named_buffers() if not name.endswith("num_batches_tracked")}
    assert {name for name, _ in again.named_buffers()} == statistics
    assert onnx.load_from_string(content).graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_a_loaded_net_learns_as_the_net_itself() -> None:
    autograd.manual_seed(0)
    model, x = make("residual"), ZOO["residual"].batch(2)
    again = autograd.onnx.load(export(model, x))
    (model(x) ** 2).mean().backward()
    (again(x) ** 2).mean().backward()
    for name, p in model.named_parameters():
        assert p.grad is not None
        np.testing.assert_allclose(again.get_parameter(name).grad.array, p.grad.array, rtol=1e-4, atol=1e-6)  # type: ignore[union-attr]


# ── each op of the table ───────────────────────────────────────────────────────────────


def sample_of(name: str, rng: np.random.Generator) -> tuple[Sample, list[np.ndarray]] | None:
    """A drawn call, and its arrays in float32; None if one is empty."""
    sample = table[name].sample(RandomDraw(rng, table[name].kind))
    arrays = [a for a in sample.inputs if isinstance(a, np.ndarray)]
    if any(a.size == 0 for a in arrays):
        return None
    return sample, [np.array(a, np.float32 if a.dtype.kind == "f" else a.dtype) for a in arrays]


STEPS = {"lstm_steps", "gru_steps", "rnn_tanh_steps", "rnn_relu_steps"}  # they follow a linear, in the zoo


@pytest.mark.parametrize("name", sorted(TABLE.keys() - STEPS))
def test_op(name: str) -> None:
    row, tried = table[name], 0
    for seed in range(12):
        drawn = sample_of(name, np.random.default_rng(seed))
        if drawn is None:
            continue
        sample, arrays = drawn

        def run(*inputs: Tensor, sample: Sample = sample) -> Any:
            given = iter(inputs)
            made = row(*(next(given) if isinstance(a, np.ndarray) else a for a in sample.inputs), **sample.params)
            return made[0] if "max_pool2d" in name else made

        inputs = [wrap(a) for a in arrays]
        try:
            content = export(Function(run), *inputs, input_names=[f"x{i}" for i in range(len(inputs))])
        except NotImplementedError as error:
            assert name in str(error)
            continue
        if len(onnx.load_from_string(content).graph.input) == len(inputs):  # all of them are used
            check(content, Function(run), *inputs, rtol=2e-4)
            tried += 1
    assert tried, "no sample was exported"


# ── dynamic sizes ──────────────────────────────────────────────────────────────────────


def test_length_and_batch_of_a_transformer_are_dynamic() -> None:
    autograd.manual_seed(0)
    model = make("transformer")
    content = export(model, autograd.randint(0, 13, (1, 6)), dynamic_axes={"text": {0: "batch", 1: "length"}})
    for shape in ((1, 1), (2, 6), (3, 16)):
        check(content, model, autograd.randint(0, 13, shape))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_length_and_batch_of_a_recurrent_network_are_dynamic(kind: Any) -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net: Any = kind(3, 4)

        def forward(self, x: Tensor) -> Any:
            y, state = self.net(x)
            return y, state[0] if isinstance(state, tuple) else state

    model = Last()
    content = export(model, autograd.randn(5, 2, 3), dynamic_axes={"x": {0: "length", 1: "batch"}})
    for shape in ((1, 1, 3), (6, 5, 3)):
        check(content, model, autograd.randn(*shape))


def test_height_and_width_are_dynamic() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.ConvTranspose2d(2, 3, 2, 2), nn.AdaptiveAvgPool2d(1)
    )
    axes = {"input": {0: "n", 2: "height", 3: "width"}}
    content = export(model, autograd.randn(1, 1, 6, 6), dynamic_axes=axes)
    check(content, model, autograd.randn(2, 1, 7, 9))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.reshape(x.shape[0] * x.shape[1], 2),
        lambda x: x.reshape(-1),
        lambda x: x.sum((0, 1)) / x.shape[0],
        lambda x: x[:, : x.shape[1] - 1],
        lambda x: x[-1] + x[x.shape[0] - 1],
        lambda x: x + autograd.zeros(x.shape[0], 1, 2),
        lambda x: x * autograd.arange(x.shape[1]).reshape(-1, 1),
        lambda x: autograd.cat([x, x], 1).split([x.shape[1], x.shape[1]], 1)[1],
        lambda x: x.mean(0, keepdim=True).expand(x.shape),
        lambda x: x.matmul(x.transpose(1, 2)) * autograd.ones(x.shape[1], x.shape[1]).tril(),
    ],
)
def test_numbers_that_depend_on_a_dynamic_size(function: Callable[[Tensor], Tensor]) -> None:
    model = Function(function)
    content = export(model, autograd.randn(3, 4, 2), input_names=["x"], dynamic_axes={"x": {0: "n", 1: "m"}})
    for shape in ((2, 3, 2), (5, 7, 2)):
        check(content, model, autograd.randn(*shape))


def test_dynamic_axes_in_lists_and_dynamic_shapes() -> None:
    model, x, y = Function(lambda x, y: x + y), autograd.randn(3, 2), autograd.randn(3, 2)
    listed = export(model, x, y, input_names=["x", "y"], dynamic_axes={"x": [0], "y": [0]})
    shapes = export(model, x, y, input_names=["x", "y"], dynamic_shapes={"x": {0: "n"}, "y": {0: "n"}})
    for content in (listed, shapes):
        check(content, model, autograd.randn(5, 2), autograd.randn(5, 2))


def test_a_way_that_depends_on_a_dynamic_size_is_refused() -> None:
    model = Function(lambda x: x.exp() if len(x) < 5 else x.log())
    with pytest.raises(RuntimeError, match="leave the axis out of dynamic_axes"):
        export(model, autograd.ones(3), input_names=["x"], dynamic_axes={"x": {0: "n"}})
    export(model, autograd.ones(3), input_names=["x"])  # a fixed size has one way


# ── what the trace sees ────────────────────────────────────────────────────────────────


def test_an_index_and_a_target_that_are_inputs_stay_inputs() -> None:
    model = Function(lambda x, i: x[i])
    content = export(model, autograd.randn(5, 2), autograd.tensor([0, 3]), input_names=["x", "i"])
    check(content, model, autograd.randn(5, 2), autograd.tensor([4, 1]))


def test_a_computation_outside_of_ops_is_refused() -> None:
    model = Function(lambda x: autograd.exp(wrap(x.array[1:])))
    with pytest.raises(RuntimeError, match="outside of ops"):
        export(model, autograd.randn(3), input_names=["x"])


def test_a_write_to_a_part_in_place_is_refused_and_a_whole_one_is_followed() -> None:
    def whole(x: Tensor) -> Tensor:
        y = x + 1
        y.mul_(3)
        y += x
        F.relu(y, inplace=True)
        return y * 2

    def part(x: Tensor) -> Tensor:
        y = x + 1
        y.array[0] = 0.0
        return y * 2

    x = autograd.randn(3)
    check(export(Function(whole), x, input_names=["x"]), Function(whole), autograd.randn(3))
    with pytest.raises(RuntimeError, match="in place"):
        export(Function(part), x, input_names=["x"])


def test_an_op_outside_of_the_table_names_itself_and_its_layer() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Function(lambda x: autograd.special.digamma(x))

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    with pytest.raises(NotImplementedError, match=r"'digamma' in Net\.inner \(Function\)"):
        export(Net(), autograd.ones(2))


# ── arguments ──────────────────────────────────────────────────────────────────────────


def test_the_mode_of_each_layer_is_restored() -> None:
    model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(3).eval())
    export(model, autograd.randn(2, 3))
    assert [module.training for module in model.modules()] == [True, True, False]
    with pytest.raises(ValueError, match="training mode"):
        export(model, autograd.randn(2, 3), training=autograd.onnx.TrainingMode.TRAINING)


@pytest.mark.parametrize("opset", [17, 18, 20, 22])
def test_opsets(opset: int) -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.GELU(), nn.GELU("tanh"), nn.LayerNorm(6), Function(lambda x: x.amax(1)))
    content = export(model, autograd.randn(2, 4), opset_version=opset)
    assert onnx.load_from_string(content).opset_import[0].version == opset
    check(content, model, autograd.randn(2, 4))


def test_names_and_parameters_as_inputs() -> None:
    model = nn.Linear(2, 3)
    names = {"input_names": ["a"], "output_names": ["b"]}
    graph = onnx.load_from_string(export(model, autograd.randn(1, 2), export_params=False, **names)).graph
    assert [entry.name for entry in graph.input] == ["a", "weight", "bias"] and not graph.initializer
    assert [entry.name for entry in graph.output] == ["b"]
    graph = onnx.load_from_string(export(model, autograd.randn(1, 2), keep_initializers_as_inputs=True)).graph
    assert [entry.name for entry in graph.input] == ["input", "weight", "bias"] and len(graph.initializer) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"input_names": ["weight"]}, "names of inputs and of parameters"),
        ({"opset_version": 9}, "17 to 22"),
        ({"dynamic_axes": {"input": {2: "n"}}}, "no axis 2"),
        ({"external_data": True}, "external_data"),
        ({"output_names": ["a", "b"]}, "output_names"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        export(nn.Linear(2, 3), autograd.randn(1, 2), **options)


def test_a_file_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, model = tmp_path / "net.onnx", nn.Linear(2, 3)
    autograd.onnx.export(model, autograd.randn(1, 2), path)
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        autograd.onnx.export(nn.Linear(2, 4), autograd.randn(1, 2), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["net.onnx"]
    assert autograd.onnx.load(path)(autograd.randn(1, 2)).shape == (1, 3)


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match="pip install onnx"):
        autograd.onnx.load(b"")


# ── hostile files ──────────────────────────────────────────────────────────────────────


def file(
    *nodes: Any, weights: Any = (), inputs: Any = ("x",), outputs: Any = ("y",), opset: int = 18, **more: Any
) -> bytes:
    """A file with these nodes."""
    takes, gives = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in names]
        for names in (inputs, outputs)
    )
    graph = helper.make_graph(list(nodes), "g", takes, gives, list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, **more)
    content: bytes = model.SerializeToString()
    return content


def weight(**changes: Any) -> TensorProto:
    tensor = numpy_helper.from_array(np.ones((2, 3), np.float32), "w")
    for name, value in changes.items():
        if name == "dims":
            del tensor.dims[:]
            tensor.dims.extend(value)
        else:
            setattr(tensor, name, value)
    return tensor


def outside() -> TensorProto:
    tensor = weight(raw_data=b"", data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


ADD = helper.make_node("Add", ["x", "w"], ["y"])
SHAPE = helper.make_node("Constant", [], ["s"], value=numpy_helper.from_array(np.array([2**40]), "s"))


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", ValueError, "no graph"),
        (b"\x80\x04no protocol buffer", ValueError, "damaged"),
        (file(ADD, weights=[weight()])[:-9], ValueError, "damaged"),
        (file(ADD, weights=[outside()]), ValueError, "another file"),
        (file(ADD, weights=[weight(dims=[2**31, 2**31])]), ValueError, "does not fit"),
        (file(ADD, weights=[weight(dims=[2, 2])]), ValueError, "does not fit"),
        (file(ADD, weights=[weight(dims=[-2, -3])]), ValueError, "negative"),
        (file(ADD, weights=[weight(data_type=99)]), ValueError, "unknown type"),
        (file(ADD, weights=[weight(name="forward"), weight()]), ValueError, "cannot name a parameter"),
        (file(ADD, weights=[weight(name="__class__.x"), weight()]), ValueError, "cannot name a parameter"),
        (file(ADD), ValueError, "not valid|no node"),
        (
            file(helper.make_node("Relu", ["x"], ["y"], name="name of node")).replace(b"name of", b"\xffame of"),
            ValueError,
            "UTF-8",
        ),
        (file(ADD, weights=[weight()], opset=99), NotImplementedError, "13 to 23"),
        (file(helper.make_node("Loop", ["x"], ["y"])), NotImplementedError, "Loop"),
        (file(helper.make_node("Run", ["x"], ["y"], domain="com.evil")), NotImplementedError, "com.evil.Run"),
        (
            file(helper.make_node("Relu", ["y"], ["z"]), helper.make_node("Relu", ["z"], ["y"])),
            ValueError,
            "not valid|no node",
        ),
        (file(helper.make_node("Relu", ["x"], ["y"], alpha=2.0)), ValueError, "not valid"),
    ],
)
def test_hostile_file(content: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        autograd.onnx.load(content)


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("ConstantOfShape", ["s"], ["y"]),
        helper.make_node("Expand", ["x", "s"], ["y"]),
        helper.make_node("Tile", ["x", "s"], ["y"]),
    ],
)
def test_a_tensor_of_absurd_size_is_not_made(node: Any) -> None:
    model = autograd.onnx.load(file(SHAPE, node))
    with pytest.raises(ValueError, match="too many elements"):
        model(autograd.ones(1))


def test_no_byte_of_a_file_crashes_the_reader() -> None:
    content = export(nn.Linear(2, 2), autograd.randn(1, 2))
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] = rng.integers(256)
        try:
            autograd.onnx.load(bytes(damaged))
        except (ValueError, NotImplementedError) as error:
            assert str(error).startswith("onnx.load: ")


def test_wrong_inputs_of_a_loaded_net() -> None:
    model = autograd.onnx.load(export(nn.Linear(2, 3), autograd.randn(1, 2), input_names=["x"]))
    with pytest.raises(TypeError, match="takes the inputs"):
        model()
    with pytest.raises(TypeError, match="float32, got float64"):
        model(autograd.randn(1, 2).double())
    with pytest.raises(ValueError, match=r"\(1, 2\), got \(2, 2\)"):
        model(autograd.randn(2, 2))
    np.testing.assert_array_equal(model(x=autograd.ones(1, 2)).array, model(autograd.ones(1, 2)).array)
    assert F.relu(model(autograd.ones(1, 2))).requires_grad
