"""The pages made from the tables: ops, layers, losses, optimizers, schedulers, modules."""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Tensor
from autograd.op import Composite, Op, Row, table
from autograd.testing import RandomDraw
from autograd.testing.battery import draw_case
from docs.site import figures, names
from docs.site.code import source, used
from docs.site.names import Counterpart, Function
from docs.site.written import ROOT, Writer, fenced, link
from examples.benchmark.report import duration
from optim import lr_scheduler

DRAWN = 3  # calls that a page shows of those that the tests draw
KINDS = {
    "multilinear": "linear in each input",
    "piecewise": "linear between kinks",
    "smooth": "smooth",
    "matrix": "smooth, computed by a library or in another order than the reference",
    "discrete": "without a gradient",
}


def write_all(writer: Writer) -> None:
    """Write all pages that are made."""
    for function in names.functions().values():
        writer.write(function.page, op_page(function, writer))
    writer.write("reference/ops/index.md", ops_index())
    for folder, title, classes, about, page in (
        ("layers", "Layers", names.layers(), "The modules of `nn` that compute something, by file.", layer_page),
        ("losses", "Losses", names.losses(), "The losses of `nn`.", layer_page),
        ("optimizers", "Optimizers", names.optimizers(), "The optimizers of `optim`.", optimizer_page),
        ("schedulers", "Schedulers", names.schedulers(), "The learning rate schedulers of `optim.lr_scheduler`.",
         scheduler_page),
    ):  # fmt: skip
        for name, kind in classes.items():
            writer.write(f"reference/{folder}/{name}.md", page(name, kind))
        writer.write(f"reference/{folder}/index.md", classes_index(title, about, classes))
    for module in names.MODULES:
        writer.write(f"reference/modules/{module}.md", module_page(module))
    writer.write("reference/modules/index.md", modules_index())


# ── parts of pages ──


def first_sentence(value: Any) -> str:
    """The first sentence of a docstring, for tables."""
    text = (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ").replace("|", r"\|").replace("<", r"\<")
    return text.partition(".  ")[0].partition(". ")[0].rstrip(".").replace("*", r"\*")


def _head(title: str, above: str, notes: Iterable[str] = ()) -> str:
    return f"---\norphan: true\n---\n# {title}\n\n" + " · ".join([f"[{above}](index.md)", *notes]) + "\n\n"


def _documented(directive: str, name: str, *options: str) -> str:
    lines = [
        f".. {directive}:: {name}",
        *(f"   :{option}" if ": " in option else f"   :{option}:" for option in options),
    ]
    return "```{eval-rst}\n" + "\n".join(lines) + "\n```\n\n"


def _fold(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>\n\n"


def _in_pytorch(found: list[Counterpart], methods: Iterable[str] = ()) -> str:
    lines = [f"* [`{c.name}`]({c.url})" + (f": {c.limit}" if c.limit else "") for c in found]
    theirs = names.methods()
    lines += [
        f"* [`{theirs[m].name}`]({theirs[m].url})" + (f": {theirs[m].limit}" if theirs[m].limit else "")
        for m in methods
        if m in theirs
    ]
    if not lines:
        return "## In PyTorch\n\nPyTorch has no function or class of this name.\n\n"
    same = "Names, arguments and defaults are the same, except where a line says what is missing."
    return f"## In PyTorch\n\n{same}\n\n" + "\n".join(lines) + "\n\n"


def _formula(file: str, title: str = "Formula") -> str:
    """The docstring of a file, which has the formulas of what it defines."""
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    return f"## {title}\n\nFrom `{file}`:\n\n{fenced(inspect.getdoc(module) or '', 'text')}\n\n"


# ── ops ──


def op_page(function: Function, writer: Writer) -> str:
    """The page of a public function of the op table."""
    others = [f"`{place}`" for place in function.places]
    methods = [f"`Tensor.{function.name}`"] if function.name in names.methods() else []
    text = _head(function.places[0], "All ops", [*others, *methods])
    text += _documented("autofunction", function.places[0])
    text += _formula(function.file)
    row = function.row
    picture = _picture(function)
    if picture:
        text += f"## Values and gradients\n\n{picture}\n\n"
    if row is not None:
        text += _row(row, function.helpers)
        text += _how(function, row, writer)
    text += _in_pytorch(names.counterparts(function.value), [function.name])
    if row is not None:
        text += _drawn(row)
    return text + _speed(function.name)


def _picture(function: Function) -> str | None:
    shown = elementwise_curve(function.value)
    if shown or function.row is None:
        return shown
    grids = figures.call(function.row)
    return grids and (
        "One of the calls that the tests draw. The gradient of the input is that of the value, weighted with the "
        f"gradient of the value.\n\n{grids}"
        if "gradient of the input" in grids
        else f"One of the calls that the tests draw.\n\n{grids}"
    )


def elementwise_curve(function: Callable[..., Any]) -> str | None:
    """The curve of a function that takes one number to one number; None for others."""
    x = autograd.tensor(np.linspace(-4, 4, 81))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            y, again, turned, part = function(x), function(x), function(x.flip(0)), function(x[:40])
    except (TypeError, ValueError, RuntimeError, IndexError):
        return None
    if not isinstance(y, Tensor) or y.shape != x.shape or y.array.dtype.kind not in "fiub":
        return None
    values = y.detach().numpy()
    if not np.array_equal(values, again.detach().numpy(), equal_nan=True):
        return None  # random
    if not np.allclose(values[::-1], turned.detach().numpy(), equal_nan=True):
        return None  # an element depends on others
    if not np.allclose(values[:40], part.detach().numpy(), equal_nan=True):
        return None
    finite = x.numpy()[np.isfinite(values)]
    if not finite.size or np.array_equal(values, x.numpy()):  # such as flatten, which returns one dimension as it is
        return None
    return figures.curve(function, float(finite.min()), float(finite.max()))


def _row(row: Row, helpers: list[Row]) -> str:
    lines = [f"* It is {KINDS[row.kind]}." if row.kind != "discrete" else "* It has no gradient."]
    if isinstance(row, Composite):
        lines.append("* It calls other ops, and gets its gradient from them.")
    if isinstance(row, Op):
        saved = [f"input {i}" if i >= 0 else f"output {~i}" for i in row.saves]
        if row.backward:
            lines.append(f"* Its backward needs {' and '.join(saved) if saved else 'no input and no output'}.")
        if row.promotes:
            also = ", and integers to the default float dtype" if row.promotes == "float" else ""
            lines.append(f"* It converts its inputs to a common dtype{also}.")
        if row.broadcasts:
            lines.append("* Its inputs are broadcast.")
        if isinstance(row.flops, int):
            work = f"counts as {row.flops} floating-point operation{'s' * (row.flops != 1)} for each element"
            lines.append(f"* It {work if row.flops else 'only moves data'}.")
        if row.takes_complex:
            lines.append("* It takes complex numbers.")
    if helpers:
        lines.append(f"* Ops that only it calls: {', '.join(f'`{h.name}`' for h in helpers)}.")
    return "## The op\n\n" + "\n".join(lines) + "\n\n"


def _how(function: Function, row: Row, writer: Writer) -> str:
    text = "## How it is computed\n\n" + _fold("The reference, in plain NumPy", fenced(source(row.reference), "python"))
    found = used([row, *function.helpers])
    if found.kernels:
        codes = "\n\n".join(source(kernel) for kernel in found.kernels)
        count = f"{len(found.kernels)} kernel{'s' * (len(found.kernels) > 1)} of this op"
        text += _fold(count, fenced(codes, "python"))
    shared = [module.replace(".", "/") + ".py" for module in found.modules]
    if shared:
        links = ", ".join(f"[{path}]({link(function.page, writer.source(path))})" for path in shared)
        text += f"Shared kernels: {links}.\n\n"
    if not found.kernels and not shared:
        text += "It has no compiled kernel: NumPy computes it.\n\n" if isinstance(row, Op) else ""
    return text


def _drawn(row: Row) -> str:
    calls = [repr(draw_case(row, RandomDraw(np.random.default_rng(seed), row.kind))) for seed in range(DRAWN)]
    refused = [f"{row.name}: {bad.error.__name__} with {', '.join(map(repr, bad.words))}" for bad in row.bad_samples]
    text = "## Calls that the tests draw\n\n" + fenced("\n".join(calls), "text") + "\n\n"
    if refused:
        text += _fold("Calls that must be refused, and words of the message", fenced("\n".join(refused), "text"))
    return text


# keys of a row of the benchmark's rates, and the columns of a page
_RATES = (("gflops", "GFLOP/s", "of_peak", "of the peak"), ("gbytes", "GB/s", "of_bandwidth", "of the bandwidth"))


@functools.cache
def _benchmark() -> dict[str, Any]:
    """What `python -m examples.benchmark` measured, if its JSON file was kept as docs/benchmark.json."""
    file = ROOT / "docs" / "benchmark.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def _speed(name: str) -> str:
    return speed(name, _benchmark())


def speed(name: str, found: dict[str, Any]) -> str:
    """The section about an op's speed, from the benchmark's JSON; "" if the op was not measured."""
    cases = {case: entered["lucidgrad"] for case, entered in found.get("results", {}).items() if "lucidgrad" in entered}
    rates = {row["case"]: row for row in found.get("rates", [])}
    starts = {"conv2d": ("conv ",), "matmul": tuple(f"{n} × " for n in range(10000)), "mul": ("x * y ",)}
    rows = []
    for case, timing in cases.items():
        if not case.startswith(starts.get(name, (f"{name} ", f"{name},"))):
            continue
        rate = rates.get(case, {})
        row = {"case": case, "threads": str(rate.get("threads", found["threads"])), "time": duration(timing["median"])}
        for kind, unit, share, of in _RATES:
            row[unit] = f"{rate[kind]['lucidgrad']:.1f}" if "lucidgrad" in rate.get(kind, {}) else ""
            row[of] = f"{rate[share]:.0%}" if share in rate else ""
        rows.append(row)
    if not rows:
        return ""
    columns = [column for column in rows[0] if any(row[column] for row in rows)]
    where = f"{found['processor']}, float32, {found['when'][:10]}. The time is the median of the calls, the rate "
    where += "that of the fastest one."
    if "GB/s" in columns:
        where += (
            "  Bytes are those of the inputs, each read once, and of the results, each written once. Of the memory's\n"
            "bandwidth it can be more than 100 %, if the caches keep what the last call wrote."
        )
    head = "| " + " | ".join(columns) + " |\n|---|" + "---:|" * (len(columns) - 1) + "\n"
    lines = ["| " + " | ".join(row[column] for column in columns) + " |" for row in rows]
    return f"## Speed\n\n{where}\n\n{head}" + "\n".join(lines) + "\n"


def ops_index() -> str:
    """The list of all ops, by the file that has them."""
    by_file: dict[str, list[Function]] = defaultdict(list)
    for function in names.functions().values():
        by_file[function.file].append(function)
    text = (
        "# Ops\n\nA page for each function of the op table: its formula, its shapes, its NumPy reference, its\n"
        "kernels, its values and gradients, and PyTorch's name for it. "
        f"There are {len(names.functions())} of them, in {len(by_file)} files, and {len(table)} rows in the table.\n\n"
    )
    for file in sorted(by_file):
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        rows = [
            f"| [{f.places[0]}]({f.name}.md) | {first_sentence(f.value)} |"
            for f in sorted(by_file[file], key=lambda f: f.name)
        ]
        text += f"## {first_sentence(module)}\n\n`{file}`\n\n| op | |\n|---|---|\n" + "\n".join(rows) + "\n\n"
    return text


# ── classes ──


def classes_index(title: str, about: str, classes: dict[str, type]) -> str:
    """The list of classes, by the file that has them."""
    by_file: dict[str, list[tuple[str, type]]] = defaultdict(list)
    for name, kind in classes.items():
        by_file[kind.__module__].append((name, kind))
    text = f"# {title}\n\n{about}\n\n"
    for module in sorted(by_file):
        if len(by_file) > 1:
            file = module.replace(".", "/") + ".py"
            text += f"## {first_sentence(importlib.import_module(module))}\n\n`{file}`\n\n"
        rows = [f"| [{name}]({name}.md) | {first_sentence(kind)} |" for name, kind in sorted(by_file[module])]
        text += "| class | |\n|---|---|\n" + "\n".join(rows) + "\n\n"
    return text


def layer_page(name: str, kind: type) -> str:
    """The page of a layer or a loss."""
    page = names.pages()[id(kind)]
    loss = name in names.losses()
    text = _head(f"nn.{name}", "All losses" if loss else "All layers")
    text += _documented("autoclass", f"nn.{name}", "members", "show-inheritance")
    calls = [f"[`{f.places[0]}`]({link(page, f.page)})" for f in called(kind)]
    if calls:
        text += f"It calls {', '.join(calls)}, whose page has the formula.\n\n"
    picture = _loss_curve(name) if loss else _layer_curve(kind)
    if picture:
        text += f"## Values and gradients\n\n{picture}\n\n"
    text += f"Source: `{names.source_file(kind)}`\n\n"
    return text + _in_pytorch(names.counterparts(kind))


def called(kind: type) -> list[Function]:
    """The functions of nn.functional that a layer's forward calls."""
    for base in kind.__mro__:
        forward = vars(base).get("forward")
        if forward is not None:
            found = [names.functions().get(name) for name in getattr(forward, "__code__", called.__code__).co_names]
            return [f for f in found if f and ("nn.functional." + f.name in f.places or f.name == "relu")]
    return []


def _layer_curve(kind: type) -> str | None:
    if kind.__module__ != "nn.activation":
        return None
    try:
        layer = kind().eval()
    except TypeError:
        return None
    return elementwise_curve(lambda x: layer.to(autograd.float64)(x))


# name: target, and further arguments of the loss; each is drawn against one number of input
_TARGETS: dict[str, tuple[float, dict[str, Any]]] = {
    "L1Loss": (0, {}), "MSELoss": (0, {}), "SmoothL1Loss": (0, {}), "HuberLoss": (0, {"delta": 1.5}),
    "BCELoss": (1, {}), "BCEWithLogitsLoss": (1, {}), "SoftMarginLoss": (1, {}), "HingeEmbeddingLoss": (-1, {}),
    "PoissonNLLLoss": (2, {}),
}  # fmt: skip


def _loss_curve(name: str) -> str | None:
    if name not in _TARGETS:
        return None
    target, options = _TARGETS[name]
    loss = getattr(nn, name)(reduction="none", **options)
    low, high = (0.02, 0.999) if name == "BCELoss" else (-4, 4)
    given = f"{name} of one number whose target is {target:g}" + "".join(f", {k} = {v:g}" for k, v in options.items())
    picture = figures.curve(
        lambda x: loss(x, autograd.full_like(x, target)), low, high, value="loss", says=f"{given}, and its derivative"
    )
    return picture and f"{given}.\n\n{picture}"


# name: options with which an optimizer walks down the valley
WALKS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.3, "momentum": 0.8}, "Adagrad": {"lr": 0.7}, "RMSprop": {"lr": 0.08}, "Adam": {"lr": 0.2},
    "AdamW": {"lr": 0.2}, "NAdam": {"lr": 0.2}, "Adadelta": {"lr": 20.0}, "Adamax": {"lr": 0.3}, "RAdam": {"lr": 0.3},
    "Rprop": {"lr": 0.1}, "ASGD": {"lr": 0.6}, "Lion": {"lr": 0.1}, "Adafactor": {"lr": 0.3},
    "LBFGS": {"lr": 0.2, "max_iter": 1}, "Muon": {"lr": 0.1}, "SparseAdam": {"lr": 0.2},
}  # fmt: skip


def optimizer_page(name: str, kind: type) -> str:
    """The page of an optimizer: its rule, and its path down a valley."""
    text = _head(f"optim.{name}", "All optimizers") + _documented(
        "autoclass", f"optim.{name}", "members", "show-inheritance"
    )
    text += _formula(names.source_file(kind), "Rule")
    if hasattr(kind, "reference"):
        text += _fold("The rule in plain NumPy", fenced(source(kind.reference), "python"))
    options = WALKS[name]
    points = figures.descend(lambda p: kind(p, **options), (1, 2) if name == "Muon" else (2,))
    given = ", ".join(f"{key} = {value:g}" for key, value in options.items())
    a, b = points[-1]
    says = (
        f"{figures.STEPS} steps with {given}, on f(a, b) = a² / 20 + b². "
        f"They end at ({a:.2f}, {b:.2f}); the minimum is at (0, 0)."
    )
    text += f"## Its path\n\n{says} A dot is a step.\n\n{figures.path(points, says)}\n\n"
    return text + _in_pytorch(names.counterparts(kind))


# name: the call whose curve is drawn
CALLS = {
    "LambdaLR": "LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch / 10))",
    "MultiplicativeLR": "MultiplicativeLR(optimizer, lambda epoch: 0.95)",
    "StepLR": "StepLR(optimizer, step_size=15, gamma=0.5)",
    "MultiStepLR": "MultiStepLR(optimizer, milestones=[10, 30, 40], gamma=0.5)",
    "ConstantLR": "ConstantLR(optimizer, factor=0.2, total_iters=10)",
    "LinearLR": "LinearLR(optimizer, start_factor=0.1, total_iters=20)",
    "ExponentialLR": "ExponentialLR(optimizer, gamma=0.95)",
    "PolynomialLR": "PolynomialLR(optimizer, total_iters=50, power=2)",
    "CosineAnnealingLR": "CosineAnnealingLR(optimizer, T_max=50)",
    "CosineAnnealingWarmRestarts": "CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult=2)",
    "OneCycleLR": "OneCycleLR(optimizer, max_lr=0.1, total_steps=61)",
    "CyclicLR": 'CyclicLR(optimizer, base_lr=0.01, max_lr=0.1, step_size_up=8, mode="triangular2")',
    "ChainedScheduler": "ChainedScheduler([ConstantLR(optimizer, factor=0.2, total_iters=10), "
    "ExponentialLR(optimizer, gamma=0.95)])",
    "SequentialLR": "SequentialLR(optimizer, [LinearLR(optimizer, start_factor=0.1, total_iters=10), "
    "CosineAnnealingLR(optimizer, T_max=50)], milestones=[10])",
    "ReduceLROnPlateau": "ReduceLROnPlateau(optimizer, factor=0.5, patience=3)",
}
_EPOCHS = 60
# a loss that falls, stops, falls again and stops, for the scheduler that looks at it
_LOSSES = [max(1 - 0.05 * epoch, 0.5 if epoch < 30 else 0.2) for epoch in range(_EPOCHS)]


def scheduler_page(name: str, kind: type) -> str:
    """The page of a scheduler, with its curve."""
    text = _head(f"lr_scheduler.{name}", "All schedulers")
    text += _documented("autoclass", f"optim.lr_scheduler.{name}", "members", "show-inheritance")
    if name in CALLS:
        metrics = _LOSSES if name == "ReduceLROnPlateau" else None
        values = figures.rates(lambda optimizer: eval(CALLS[name], {**vars(lr_scheduler), "optimizer": optimizer}),
                               _EPOCHS, metrics)  # fmt: skip
        text += f"## Its curve\n\nFrom the rate 0.1:\n\n{fenced(CALLS[name], 'python')}\n\n"
        if metrics:
            text += "The loss falls for 10 epochs, then stays as it is; in epoch 30 it falls once more.\n\n"
        text += figures.steps(values, f"The learning rate over {_EPOCHS} epochs of {CALLS[name]}") + "\n\n"
    text += f"Source: `{names.source_file(kind)}`\n\n"
    return text + _in_pytorch(names.counterparts(kind))


# ── modules ──


def module_page(name: str) -> str:
    """The page of a module: its names that have pages, and the documentation of the others."""
    module = importlib.import_module(name)
    page, found = f"reference/modules/{name}.md", names.pages()
    linked, here, foreign = [], [], []
    for public in names.public_names(module):
        value = getattr(module, public)
        there = found.get(id(value))
        if there:
            linked.append(f"| [{public}]({link(page, there)}) | {first_sentence(value)} |")
        elif not names.is_ours(value):
            foreign.append(public)
        elif callable(value) and value.__doc__:
            here.append((public, value))
    text = f"---\norphan: true\n---\n# {name}\n\n[All modules](index.md)\n\n"
    text += _documented("automodule", name)
    if linked:
        text += "## Names with a page\n\n| name | |\n|---|---|\n" + "\n".join(linked) + "\n\n"
    if here:
        text += "## Other names\n\n" if linked else "## Names\n\n"
    for public, value in here:
        text += _tensor(page) if value is Tensor else _documented(*_directive(f"{name}.{public}", value))
    if foreign:
        text += f"## Numbers, dtypes and names of other libraries\n\n{', '.join(f'`{f}`' for f in foreign)}\n"
    return text


def _directive(name: str, value: Any) -> tuple[str, ...]:
    if not inspect.isclass(value):
        return "autofunction", name
    lazy = [key for c in value.__mro__ for key, v in vars(c).items() if type(v).__name__ == "lazy_property"]
    return "autoclass", name, "members", "show-inheritance", *([f"exclude-members: {', '.join(lazy)}"] if lazy else [])


def _tensor(page: str) -> str:
    """Tensor: its methods are a table, since most of them are functions with pages."""
    rows = []
    for name in sorted(name for name in dir(Tensor) if name[0] != "_"):
        function = names.functions().get(name)
        shown = f"[{name}]({link(page, function.page)})" if function else f"`{name}`"
        said = (
            first_sentence(inspect.getattr_static(Tensor, name)) or (function and first_sentence(function.value)) or ""
        )
        rows.append(f"| {shown} | {said} |")
    head = "\n\nMethods and attributes of tensors. The name of a function that has a page links to it.\n\n"
    head += "| name | |\n|---|---|\n"
    return _documented("autoclass", "autograd.Tensor") + head + "\n".join(rows) + "\n\n"


def modules_index() -> str:
    """The list of modules."""
    rows = [f"| [{name}]({name}.md) | {first_sentence(importlib.import_module(name))} |" for name in names.MODULES]
    return "# Modules\n\nAll public names, by module.\n\n| module | |\n|---|---|\n" + "\n".join(rows) + "\n"
