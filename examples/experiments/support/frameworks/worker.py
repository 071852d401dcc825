"""The baseline in one framework, in its own process.

``python -m examples.experiments.support.frameworks.worker FRAMEWORK THREADS`` reads commands, one line
of JSON each, and answers each with a line of JSON. Arrays are passed in NumPy files.

=======================================================  =================================================
command                                                  answer
=======================================================  =================================================
(when it has imported the framework)                     ``{"versions": {...}}``
``{"do": "begin", "device", "lr", "momentum",            ``{}``; weights: by the names of PARAMETERS
"weights": file}``
``{"do": "look", "batch": file, "out": file}``           ``{}``; out has "outputs conv", ...
``{"do": "step", "batch": file, "out": file}``           ``{"loss"}``; out has the weights after the step
``{"do": "epoch", "data": file, "batch_size", "seed",    ``{"loss", "seconds", "images_per_second"}``;
"epoch", "steps"}``                                      steps null: all
``{"do": "test", "data": file}``                         ``{"loss", "wrong"}`` on the test images
``{"do": "save", "file", "settings", "history"}``        ``{}``; a checkpoint, with what else it is to hold
``{"do": "restore", "file", "settings"}``                ``{"history"}``
=======================================================  =================================================

Errors are answered with ``{"error": "a sentence"}``.
"""

from __future__ import annotations

import importlib
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from examples.benchmark.worker import serve
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import EVALUATION_BATCH, Loader, channel_statistics
from examples.experiments.support.frameworks import rebuilt_checkpoint
from examples.experiments.support.frameworks.rebuilt import Resumable, measure, train_epoch
from examples.experiments.support.runs.signals import HANDLED

REBUILT = {
    "lucidgrad": "examples.experiments.support.frameworks.ours",
    "torch": "examples.experiments.torch_cnn",
    "mxnet": "examples.experiments.mxnet_cnn",
}


class Worker:
    """A network, its most recent data, and the answers to commands."""

    def __init__(self, framework: str, threads: int) -> None:
        settings = importlib.import_module(f"examples.benchmark.in_{framework}")
        settings.set_threads(threads)
        self.versions = settings.versions()
        self._make = importlib.import_module(REBUILT[framework]).Net
        self._net: Resumable | None = None
        self._data: dict[str, dict[str, np.ndarray]] = {}  # content of a file, with its statistics

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Execute a command."""
        do = command["do"]
        if do == "begin":
            self._net = self._make(command["device"], command["lr"], command["momentum"])
            self._net.load(_read(command["weights"]))
            return {}
        net = self._net
        assert net, "the first command must be begin"
        if do == "look":
            found = net.look(**_read(command["batch"]))._asdict()
            save(command["out"], {f"{kind} {name}": a for kind, some in found.items() for name, a in some.items()})
            return {}
        if do == "step":
            loss = net.step(**_read(command["batch"]))
            save(command["out"], net.weights())
            return {"loss": loss}
        if do == "epoch":
            loader = self._loader(command["data"], "train", command["batch_size"], seed=command["seed"])
            return train_epoch(net, loader, command["epoch"], steps=command["steps"])._asdict()
        if do == "save":
            rebuilt_checkpoint.save(Path(command["file"]), net, command["settings"], command["history"])
            return {}
        if do == "restore":
            return {"history": rebuilt_checkpoint.restore(Path(command["file"]), net, command["settings"])}
        loss, wrong = measure(net, self._loader(command["data"], "test", EVALUATION_BATCH))
        return {"loss": loss, "wrong": wrong}

    def _loader(self, file: str, part: str, batch_size: int, seed: int | None = None) -> Loader:
        """Return the loader of `examples.experiments.train`; a seed shuffles."""
        if file not in self._data:
            arrays = _read(file)
            mean, std = channel_statistics(arrays["train_images"])
            self._data = {file: {**arrays, "mean": mean, "std": std}}
        arrays = self._data[file]
        split = Split(arrays[f"{part}_images"], arrays[f"{part}_labels"])
        mean, std = arrays["mean"], arrays["std"]
        return Loader(split, batch_size, mean=mean, std=std, shuffle=seed is not None, seed=seed or 0)


def save(file: str | Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays in the form that the commands read."""
    with open(file, "wb") as opened:  # np.savez would add a suffix
        np.savez(opened, **arrays)  # type: ignore[arg-type]


def _read(file: str) -> dict[str, np.ndarray]:
    with np.load(file) as arrays:
        return dict(arrays)


def main(framework: str, threads: int) -> None:
    """Answer commands until the input ends."""
    for number in HANDLED:
        signal.signal(
            number, signal.SIG_IGN
        )  # signals reach the whole group; the parent handles them and ends this process
    serve(lambda: Worker(framework, threads))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
