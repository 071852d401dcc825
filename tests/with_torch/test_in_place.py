"""Writes in place beside PyTorch: the in-place form of every entry of op_db, and programs that write through views."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autograd
import nn
from autograd import Tensor
from autograd.tensor import wrap
from autograd.testing import compare
from tests.with_torch.op_db import Call, Entry, entries, flat, tensors_of, to_ours, to_theirs
from tests.with_torch.test_op_db import REFUSALS, WHOLE, calls, is_refused, numbers, same, shown, tolerance

# ── the in-place form of every entry ───────────────────────────────────────────────────

# In-place forms that we do not have, and why.
ABSENT: dict[str, str] = {}


def name_of(entry: Entry) -> str | None:
    variant = entry.info.inplace_variant
    name = getattr(variant, "__name__", None)
    return name if name and hasattr(torch.Tensor, name) else None


FORMS = [entry for entry in entries() if name_of(entry)]
RESIZES = {"addbmm_"}  # PyTorch makes the tensor as large as the result
DRAWN = {"bernoulli_", "exponential_", "normal_", "uniform_", "random_", "cauchy_", "geometric_", "log_normal_"}


def test_each_form_is_there_or_listed() -> None:
    missing = {name for entry in FORMS if not hasattr(Tensor, name := name_of(entry) or "")}
    assert missing == set(ABSENT), "add them to autograd/inplace_methods.py"


def written(call: Call, library: Any) -> tuple[Any, Call, Any]:
    """A base with the call's first tensor and another row, the call on the first row, and its other tensors."""
    first = call.args[0]
    base = library.stack([first, first])
    return base, Call((base[0], *call.args[1:]), call.kwargs), [first, *tensors_of(Call(call.args[1:], call.kwargs))]


def check(entry: Entry, call: Call, through_view: bool) -> None:
    name = name_of(entry) or ""
    what = f"{shown(entry, call)} as {name}, {'through a view' if through_view else 'on a tensor'}"
    ours, theirs = to_ours(call), to_theirs(call)
    if not isinstance(call.args[0], torch.Tensor):
        return
    bases, results, leaves, failures = [], [], [], []
    for library, sides in ((torch, theirs), (autograd, ours)):
        base, changed, wanted = written(sides, library)
        if not through_view:
            base = changed.args[0].clone()
            changed = Call((base, *changed.args[1:]), changed.kwargs)
        failure = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                kind = torch.Tensor if library is torch else Tensor
                result = getattr(kind, name)(*changed.args, **changed.kwargs)
                assert result is changed.args[0], what
            except REFUSALS as error:
                failure = error
        failures.append(failure)
        bases.append(base)
        results.append(changed.args[0])
        leaves.append([x for x in wanted if x.requires_grad])
    if failures[0] is not None or failures[1] is not None:
        assert failures[1] is not None, f"{what}: PyTorch raises {failures[0]}"
        resized = name in RESIZES and "the result has shape" in str(failures[1])
        if failures[0] is None and not resized and not is_refused(entry, failures[1]):
            failures[1].add_note(what)
            raise failures[1]
        return
    for z, y in (bases, results):
        same(what, y, z, exact=name not in DRAWN, entry=entry)
    z, y = bases
    if not z.requires_grad or name in DRAWN:
        return
    g = np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype)
    try:
        expected = torch.autograd.grad(z, leaves[0], torch.from_numpy(g), allow_unused=True)
    except NotImplementedError as error:  # of acosh_, asinh_ and atanh_
        assert "inplace version" in str(error)
        return
    found = autograd.grad(y, leaves[1], wrap(g), allow_unused=True)
    for i, (d, e, x) in enumerate(zip(found, expected, leaves[1], strict=True)):
        zero = np.zeros(x.shape, x.dtype)
        a, b = (zero if grad is None else numbers(grad) for grad in (d, e))
        compare(f"{what}: gradient {i}", a, b, 10 * tolerance(entry, x.dtype), "PyTorch says")


@pytest.mark.parametrize("entry", FORMS, ids=lambda entry: entry.name)
def test_form(entry: Entry) -> None:
    if hasattr(Tensor, name_of(entry) or ""):
        for dtype in (torch.float64, torch.float32, *WHOLE):
            for call in calls(entry, dtype):
                for through_view in (False, True):
                    check(entry, call, through_view)


# ── programs ───────────────────────────────────────────────────────────────────────────


def index_of(rng: random.Random, shape: tuple[int, ...]) -> Any:
    """An index of a view."""
    n = shape[0]
    parts = rng.randrange(n), slice(rng.randrange(n), None), slice(None, None, 2), (..., rng.randrange(shape[-1]))
    return rng.choice(parts)


def step(rng: random.Random, shapes: list[tuple[int, ...]]) -> Callable[[list[Any], Any], Any]:
    """A step of a program: a function of the tensors so far, which may return a new one."""
    i, j = rng.randrange(rng.randrange(2), len(shapes)), rng.randrange(len(shapes))
    shape, number = shapes[i], rng.choice([-1.5, 0.5, 2.0])
    kind = rng.choice(["view"] * 4 + ["write"] * 5 + ["new"])
    if kind == "new":
        return lambda xs, lib: rng_free(xs[i], number)
    if kind == "view":
        index = index_of(rng, shape) if shape else None
        a, b = (rng.randrange(len(shape)), rng.randrange(len(shape))) if shape else (0, 0)
        choices: list[Callable[[list[Any], Any], Any]] = [lambda xs, lib: xs[i].unsqueeze(0)]
        if shape:
            choices += [lambda xs, lib: xs[i][index], lambda xs, lib: xs[i].transpose(a, b)] * 2
            choices += [rng.choice([lambda xs, lib: xs[i].detach(), lambda xs, lib: xs[i].split(1)[0]])]
        return rng.choice(choices)
    index = index_of(rng, shape) if shape else ...

    def set_item(xs: list[Any], lib: Any) -> None:
        xs[i][index] = xs[j].sum()

    def add_to_item(xs: list[Any], lib: Any) -> None:
        xs[i][index] += number

    writes: list[Callable[[list[Any], Any], Any]] = [
        lambda xs, lib: xs[i].mul_(number),
        lambda xs, lib: xs[i].mul_(xs[j]),
        lambda xs, lib: xs[i].add_(xs[j], alpha=number),
        lambda xs, lib: xs[i].copy_(xs[j]),
        lambda xs, lib: xs[i].sin_(),
        lambda xs, lib: xs[i].sigmoid_(),
        lambda xs, lib: xs[i].square_(),
        lambda xs, lib: xs[i].clamp_(-1, 1),
        lambda xs, lib: xs[i].zero_(),
        lambda xs, lib: xs[i].masked_fill_(xs[j] > 0, number),
        lambda xs, lib: xs[i].unsqueeze_(0),
        set_item,
        set_item,
        add_to_item,
    ]
    return rng.choice(writes)


def rng_free(x: Any, number: float) -> Any:
    return x * number + 0.25


def start(lib: Any) -> list[Any]:
    x = (np.arange(6.0).reshape(2, 3) - 2) / 4
    leaf = lib.tensor(x, requires_grad=True)
    return [leaf, leaf * 1, lib.tensor(x[::-1].copy()), leaf.exp()]


# What PyTorch refuses and we compute: a result of split after a write to its base, and a write of a tensor to itself.
ONLY_PYTORCH = (
    "its base or another view of its base has been modified inplace",
    "some elements of the input tensor and the written-to tensor refer to a single memory location",
)


def run(seed: int) -> tuple[int, int]:
    """Run one program in both libraries; returns how many writes both took, and how many both refused."""
    rng = random.Random(seed)
    ours, theirs = start(autograd), start(torch)
    taken = refused = 0
    for k in range(12):
        act = step(rng, [tuple(t.shape) for t in theirs])
        made: list[Any] = []
        errors: list[Exception | None] = []
        for xs, lib in ((ours, autograd), (theirs, torch)):
            try:
                made.append(act(xs, lib))
                errors.append(None)
            except (RuntimeError, ValueError, IndexError) as error:
                made.append(None)
                errors.append(error)
        what = f"program {seed}, step {k}"
        if errors[0] is None and any(words in str(errors[1]) for words in ONLY_PYTORCH):
            return taken, refused
        assert (errors[0] is None) == (errors[1] is None), f"{what}: ours {errors[0]}; PyTorch {errors[1]}"
        refused, taken = refused + (errors[0] is not None), taken + (errors[0] is None)
        if made[0] is not None and not any(made[0] is x for x in ours) and 0 not in made[0].shape:
            ours.append(made[0])
            theirs.append(made[1])
        for n, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            compare(f"{what}: tensor {n}", a.detach().numpy(), b.detach().numpy(), 1e-12, "PyTorch says")
            try:
                expected = b.requires_grad
                _ = b.grad_fn  # otherwise PyTorch takes a view whose base was written to for a leaf
            except RuntimeError:  # a result of split whose base was written to: ours follows
                continue
            assert a.requires_grad == expected, f"{what}: tensor {n} requires_grad"
    losses: list[Any] = []
    for xs in (ours, theirs):
        try:
            losses.append(sum((n + 1) * (x * x).sum() for n, x in enumerate(xs[1:])))
        except RuntimeError:
            return taken, refused
    grads: list[Any] = []
    for loss, xs in zip(losses, (ours, theirs), strict=True):
        try:
            loss.backward()
            grads.append(xs[0].grad)
        except RuntimeError as error:
            grads.append(error)
    if isinstance(grads[0], RuntimeError):
        assert isinstance(grads[1], RuntimeError), f"program {seed}: ours {grads[0]}"
    elif not isinstance(grads[1], RuntimeError) and grads[1] is not None:
        compare(f"program {seed}: the gradient", grads[0].numpy(), grads[1].numpy(), 1e-9, "PyTorch says")
        return taken + 1000, refused
    return taken, refused


def test_programs() -> None:
    results = [run(seed) for seed in range(400)]
    assert sum(taken >= 1000 for taken, _ in results) > 60  # whose gradients were compared
    assert sum(refused for _, refused in results) > 60


# ── what may change between a call and its backward ────────────────────────────────────

# Here PyTorch saved a copy, of another layout or of a later value, and we the tensor itself.
SAVED_ITSELF = {
    "__rdiv__",
    "__rmatmul__",
    "erfinv",
    "kron",
    "ldexp",
    "matmul",
    "nn.functional.conv2d",
    "nn.functional.conv3d",
    "nn.functional.cross_entropy",
    "nn.functional.instance_norm",
    "nn.functional.scaled_dot_product_attention",
    "special.ndtr",
    "stft",
}
UNSAFE = {"unsafe_chunk", "unsafe_split"}  # in PyTorch a write to one part does not count as a write to the others


def survives(call: Call, function: Callable[..., Any], which: int) -> bool | None:
    """Whether backward runs after a write to one input, or for -1 to the output; None without one to write to."""
    leaves = [x for x in tensors_of(call) if x.requires_grad]
    if which >= len(leaves):
        return None
    copies = {id(x): x.clone() for x in leaves}

    def given(value: Any) -> Any:
        if type(value) in (tuple, list):
            return type(value)(given(item) for item in value)
        return copies.get(id(value), value)

    made = flat(function(*given(call.args), **{name: given(value) for name, value in call.kwargs.items()}))
    made = [y for y in made if getattr(y, "requires_grad", False)]
    if not made:
        return None
    try:
        (copies[id(leaves[which])] if which >= 0 else made[0]).add_(1)
        sum(y.sum() for y in made).backward()
    except RuntimeError:
        return False
    return True


def test_what_pytorch_lets_change_may_change() -> None:
    wrong = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for entry in entries():
            for call in calls(entry, torch.float64)[:15]:
                for which in (-1, 0, 1, 2):
                    try:
                        ours = survives(to_ours(call), entry.ours, which)
                    except REFUSALS:
                        continue
                    if ours is False and survives(to_theirs(call), entry.info.op, which):
                        wrong.add(entry.name)
    assert wrong == SAVED_ITSELF | UNSAFE


# ── the in-place forms of nn.functional ──

FUNCTIONAL: dict[str, tuple] = {
    "relu_": (),
    "leaky_relu_": (0.3,),
    "elu_": (0.7,),
    "celu_": (0.5,),
    "selu_": (),
    "hardtanh_": (-0.5, 0.6),
    "threshold_": (0.1, -2.0),
    "rrelu_": (0.2, 0.4),
}


def test_functional_has_a_row_for_each_form() -> None:
    assert set(FUNCTIONAL) == {name for name in vars(nn.functional) if name.endswith("_") and name[0] != "_"}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_a_form_of_functional(name: str) -> None:
    numbers_ = np.random.default_rng(0).standard_normal((3, 4))
    results = []
    for library, home in ((autograd, nn.functional), (torch, torch.nn.functional)):
        x = library.tensor(numbers_, requires_grad=True)
        y = x * 1
        assert getattr(home, name)(y, *FUNCTIONAL[name]) is y
        (y * y).sum().backward()
        results.append((y.detach().numpy(), x.grad.numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
