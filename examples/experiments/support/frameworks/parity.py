"""Train with the same weights and batches in every framework, and find where they differ.

Float32 sums depend on their order, so no two frameworks agree bitwise, and the differences grow
during training. A training in float64 shows the rounding error of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from examples.benchmark.contest import Entrant
from examples.experiments.support.data.loader import Batch
from examples.experiments.support.frameworks.ours import Net
from examples.experiments.support.frameworks.rebuilt import LAYERS, PARAMETERS
from examples.experiments.support.frameworks.worker import save

EXACT = "float64"  # the name of lucidgrad's training in float64
_BACKWARD = ("scores", "relu2", "hidden", "flatten", "pool", "relu1", "conv")


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference relative to the largest absolute value of b."""
    return float(np.abs(a.astype(np.float64) - b).max() / np.abs(b).max())


def compare(
    entrants: Mapping[str, Entrant],
    weights: Mapping[str, np.ndarray],
    batches: Sequence[Batch],
    lr: float,
    momentum: float,
    folder: Path,
    check: Callable[[], None],
) -> dict[str, Any]:
    """Train in every framework side by side, a step at a time.

    Parameters
    ----------
    entrants : dict of framework to Entrant
        Processes of `examples.experiments.support.frameworks.worker`.
    weights : dict of name to array
    batches : sequence of (x, y)
        One per step.
    folder : Path
        A folder for temporary files.
    check : function
        Called before every step.

    Returns
    -------
    dict
        "losses": framework -> loss before each step; float64 is one of them.
        "looks": for each pair "a, b" -> [{"what", "layer", "difference"}], the relative differences
        in the first step, in order of computation.
        "flips": for each pair -> number of elements of conv's output whose gradient is 0 in only one.
        "weights": for each pair -> parameter -> the relative difference after each step.
    """
    exact = Net("cpu", lr, momentum)
    exact.model.double()
    exact.load({name: array.astype(np.float64) for name, array in weights.items()})
    files = {name: folder / f"{name}.npz" for name in ("weights", "batch", *entrants)}
    save(files["weights"], dict(weights))
    for entrant in entrants.values():
        entrant.ask("begin", device="cpu", lr=lr, momentum=momentum, weights=str(files["weights"]))
    frameworks = [*entrants, EXACT]
    pairs = [(a, b) for i, b in enumerate(frameworks) for a in frameworks[:i]]
    losses: dict[str, list[float]] = {name: [] for name in frameworks}
    looks: dict[str, list[dict[str, Any]]] = {}
    flips: dict[str, int] = {}
    apart: dict[str, dict[str, list[float]]] = {f"{a}, {b}": {name: [] for name in PARAMETERS} for a, b in pairs}
    for number, (x, y) in enumerate(batches):
        check()
        save(files["batch"], {"x": x, "y": y})
        if number == 0:
            look = exact.look(x.astype(np.float64), y)._asdict()
            seen = {EXACT: {f"{kind} {name}": a for kind, some in look.items() for name, a in some.items()}}
            for name, entrant in entrants.items():
                entrant.ask("look", batch=str(files["batch"]), out=str(files[name]))
                seen[name] = _read(files[name])
            looks = {f"{a}, {b}": _look(seen[a], seen[b]) for a, b in pairs}
            reached = {name: some["output_gradients conv"] != 0 for name, some in seen.items()}
            flips = {f"{a}, {b}": int((reached[a] != reached[b]).sum()) for a, b in pairs}
        after = {}
        for name, entrant in entrants.items():
            losses[name].append(entrant.ask("step", batch=str(files["batch"]), out=str(files[name]))["loss"])
            after[name] = _read(files[name])
        losses[EXACT].append(exact.step(x.astype(np.float64), y))
        after[EXACT] = exact.weights()
        for a, b in pairs:
            for parameter in PARAMETERS:
                difference = relative_difference(after[a][parameter], after[b][parameter])
                apart[f"{a}, {b}"][parameter].append(difference)
    return {"losses": losses, "looks": looks, "flips": flips, "weights": apart}


def _look(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Compare layer by layer: forward, then backward, in order of computation."""
    rows = [("outputs", layer) for layer in LAYERS]
    for layer in _BACKWARD:
        rows.append(("output_gradients", layer))
        rows += [("gradients", name) for name in PARAMETERS if name.split(".")[1] == layer]
    return [
        {"what": what, "layer": name, "difference": relative_difference(a[f"{what} {name}"], b[f"{what} {name}"])}
        for what, name in rows
    ]


def first_that_parts(look: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the first row in which two frameworks differ."""
    return next((row for row in look if row["difference"] > 0), None)


def loss_differences(losses: Mapping[str, Sequence[float]], a: str, b: str) -> list[float]:
    """Return the difference of the losses of two frameworks at each step."""
    return [abs(x - y) for x, y in zip(losses[a], losses[b], strict=True)]


def _read(file: Path) -> dict[str, np.ndarray]:
    with np.load(file) as arrays:
        return dict(arrays)
