"""The section on the time of each layer, forward and backward, in several implementations."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from examples.experiments.support.timing.layer_times import FUSED, NUMBA, THREADED, VECTORIZED
from examples.report.page import COLORS, HATCHES, Figures, Results, new_figure, percent, plain, table, text_table

TITLE = "Where does the time go?"
_LAYERS = ("conv", "relu1", "pool", "flatten", "hidden", "relu2", "scores", "loss", "optimizer")
_PASSES = ("forward", "backward")
_DRAWN = 5  # layers with a colour of their own in the figure
WAYS = (
    "NumPy with loops is the reference that the tests compare the ops with: it visits the windows of convolution and "
    "pooling one by one, in Python. Vectorized NumPy is what a student would write: `sliding_window_view` and a matrix "
    "product for a convolution, a reshape and a maximum for a pooling."
)


def section(results: Results, figures: Figures) -> list[str]:
    """Return for each run the bottlenecks, the bars and the table."""
    records = results.of("profile_layers")
    if not records:
        return ["There is no result yet; `python -m examples.experiments.profile_layers` makes one."]
    parts = []
    for record in records:
        ways = record.result["ways"]
        alt = "Share of each layer in a training step, in several implementations"
        parts += [_answer(ways), WAYS, figures.add(record.name, draw(record.result), alt), _table(ways)]
        parts += [record.cut_short] if record.cut_short else []
    return parts


def label(way: dict[str, Any]) -> str:
    """Return the implementation, with its number of threads if it uses threads."""
    threads = f", {way['threads']} thread{'s' * (way['threads'] > 1)}" if way["way"] in THREADED else ""
    return way["way"] + threads


def bottleneck(way: dict[str, Any]) -> tuple[str, float]:
    """Return the slowest layer, forward and backward together, and its share of the step."""
    totals = {name: sum(passes.values()) for name, passes in way["layers"].items()}
    name = max(totals, key=totals.__getitem__)
    return name, totals[name] / way["step"]


def in_layers(way: dict[str, Any]) -> float:
    """Return the seconds of a step that layers, loss and optimizer take."""
    return sum(sum(passes.values()) for passes in way["layers"].values())


def in_terminal(ways: list[dict[str, Any]]) -> str:
    """Return the answer and the times of the layers, forward and backward together, as plain text of 79 columns."""
    rows = [
        [layer, *(milliseconds(_total(way, layer) / way["batch"]) if layer in way["layers"] else "–" for way in ways)]
        for layer in _LAYERS
    ]
    rows.append(["step", *(milliseconds(per_picture(way)) for way in ways)])
    return f"{text_table(['ms per image', *map(label, ways)], rows)}\n{plain(_answer(ways))}"


def _total(way: dict[str, Any], layer: str) -> float:
    return float(sum(way["layers"][layer].values()))


def _answer(ways: list[dict[str, Any]]) -> str:
    found = {label(way): bottleneck(way) for way in ways}
    names = {name for name, _ in found.values()}
    if len(names) == 1:
        (name,) = names
        shares = "; ".join(f"{percent(share, 0)} in {key}" for key, (_, share) in found.items())
        words = [f"**The bottleneck is {name} in every implementation.** Its share of the step: {shares}."]
    else:
        each = "; ".join(f"{key}: {name}, {percent(share, 0)} of the step" for key, (name, share) in found.items())
        words = [f"**The bottleneck depends on the implementation. {each}.**"]
    words += _from_vectorized(ways)
    last = next(way for way in reversed(ways) if way["way"] != FUSED)
    rest = 1 - in_layers(last) / last["step"]
    words.append(
        f"With {label(last)}, {percent(max(rest, 0))} of the step is spent outside layers, loss and optimizer: in "
        "Python and in the profiler itself."
    )
    slow, fast = ways[0], min(ways, key=per_picture)
    times = milliseconds(per_picture(slow)), milliseconds(per_picture(fast))
    words.append(
        f"An image takes {times[0]} ms in {label(slow)} and {times[1]} ms in {label(fast)}: "
        f"{per_picture(slow) / per_picture(fast):,.0f} times as fast."
    )
    return " ".join(words)


def _from_vectorized(ways: list[dict[str, Any]]) -> list[str]:
    """Say in which layer the kernels save most of the time of vectorized NumPy, on one thread each."""
    single = {way["way"]: way for way in ways if way["threads"] == 1}
    if not {VECTORIZED, NUMBA} <= single.keys():
        return []
    before, after = single[VECTORIZED], single[NUMBA]
    pairs = {name: [_total(way, name) / way["batch"] for way in (before, after)] for name in before["layers"]}
    name = max(pairs, key=lambda name: pairs[name][0] - pairs[name][1])
    old, new = pairs[name]
    if new >= old:
        return ["On one thread, the kernels are no faster than vectorized NumPy in any layer."]
    return [
        f"On one thread, the kernels save most in {name}: it takes {milliseconds(new)} ms per image instead of the "
        f"{milliseconds(old)} ms of vectorized NumPy."
    ]


def per_picture(way: dict[str, Any]) -> float:
    """Return the seconds of a whole step per image."""
    return float(way["step"] / way["batch"])


def milliseconds(seconds: float) -> str:
    """Format seconds as milliseconds, with the significant digits."""
    return f"{1000 * seconds:,.{0 if seconds >= 0.1 else 2 if seconds >= 1e-3 else 4}f}"


def _table(ways: list[dict[str, Any]]) -> str:
    rows = [
        [f"{layer}, {direction}"]
        + [
            milliseconds(way["layers"][layer][direction] / way["batch"])
            if direction in way["layers"].get(layer, {})
            else "–"
            for way in ways
        ]
        for layer in _LAYERS
        for direction in _PASSES
        if any(direction in way["layers"].get(layer, {}) for way in ways)
    ]
    rows.append(["whole step", *(milliseconds(per_picture(way)) for way in ways)])
    rows.append(["images per step", *(str(way["batch"]) for way in ways)])
    return table(["ms per image", *map(label, ways)], rows)


def draw(result: dict[str, Any]) -> Figure:
    """Draw a bar for each implementation: the layers' shares of its step, forward and backward together."""
    ways = result["ways"]
    shares = [_shares(way) for way in ways]
    largest = {name: max(some.get(name, 0.0) for some in shares) for name in _LAYERS}
    drawn = sorted(sorted(largest, key=largest.__getitem__)[-_DRAWN:], key=_LAYERS.index)
    figure = new_figure(9, 1.3 + 0.42 * len(ways))
    axes = figure.subplots()
    for place, some in enumerate(shares):
        parts = {name: some.get(name, 0.0) for name in drawn}
        parts["other layers"] = sum(share for name, share in some.items() if name not in drawn)
        parts["outside layers"] = max(0.0, 1 - sum(parts.values()))
        left = 0.0
        for k, (name, share) in enumerate(parts.items()):
            axes.barh(place, 100 * share, left=left, height=0.72, color=COLORS[k], hatch=HATCHES[k],
                      edgecolor="white", linewidth=0.6, label=name if place == 0 else None)  # fmt: skip
            if share > 0.06:
                axes.text(left + 50 * share, place, f"{100 * share:.0f}", ha="center", va="center", fontsize=8,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2})  # fmt: skip
            left += 100 * share
    axes.set_yticks(
        range(len(ways)), [f"{label(way)}\n{milliseconds(per_picture(way))} ms" for way in ways], fontsize=8
    )
    axes.invert_yaxis()
    axes.set(xlabel="share of the training step [%]", xlim=(0, 100), title="Where the time of a training step goes")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.legend(frameon=False, loc="outside lower center", ncols=7, fontsize=8, handlelength=2.2, handleheight=1.2)
    return figure


def _shares(way: dict[str, Any]) -> dict[str, float]:
    """Return the share of each layer, forward and backward together; of the layers' sum if that exceeds the step."""
    step = max(way["step"], in_layers(way))  # medians of parts may add up to more than the median of the whole
    return {name: _total(way, name) / step for name in way["layers"]}
