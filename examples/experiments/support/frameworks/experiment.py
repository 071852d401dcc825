"""The three parts of `examples.experiments.compare_frameworks`: speed, parity, accuracy."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import autograd
from examples.benchmark.cases import CONTESTANTS, Case
from examples.benchmark.contest import Contest, Entrant, Failure
from examples.experiments.models import Baseline
from examples.experiments.support.data.cifar10 import Cifar10
from examples.experiments.support.data.loader import Loader, channel_statistics
from examples.experiments.support.frameworks import parity
from examples.experiments.support.frameworks.worker import save

FRAMEWORKS = ("lucidgrad", "torch", "mxnet")
WARM_UP = 5  # steps before a timed epoch, which compile and load kernels and allocate memory
Versions = dict[str, str]


class Arena:
    """The frameworks with their interpreters, the images, and the settings that all parts share.

    Attributes
    ----------
    check : function
        Raises StopRequested if a signal has arrived.
    say : function
        Prints progress.
    """

    def __init__(
        self,
        interpreters: Mapping[str, str],
        data: Cifar10,
        threads: int,
        lr: float,
        momentum: float,
        batch_size: int,
        check: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.interpreters, self.data, self.threads = dict(interpreters), data, threads
        self.lr, self.momentum, self.batch_size = lr, momentum, batch_size
        self.check, self.say = check, say
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self._pictures: Path | None = None

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *exception: object) -> None:
        self._folder.cleanup()

    @property
    def pictures(self) -> Path:
        """The file with the images for the processes, written at first use."""
        if self._pictures is None:
            self._pictures = self.folder / "pictures.npz"
            train, test = self.data.train, self.data.test
            arrays: dict[str, np.ndarray] = {"train_images": train.images, "train_labels": train.labels,
                      "test_images": test.images, "test_labels": test.labels}  # fmt: skip
            save(self._pictures, arrays)
        return self._pictures

    @contextmanager
    def entrant(self, framework: str) -> Iterator[tuple[Entrant, Versions]]:
        """Start the process of a framework; yield it and its versions."""
        entrant = Entrant(
            framework,
            self.threads,
            self.interpreters[framework],
            program="examples.experiments.support.frameworks.worker",
        )
        try:
            yield entrant, {name: v for name, v in entrant.hear()["versions"].items() if name == framework}
        except Failure:
            self.check()  # a signal to the process group also ends a starting process
            raise
        finally:
            entrant.close()

    def begin(self, entrant: Entrant, device: str, weights: Mapping[str, np.ndarray]) -> None:
        """Create the network in a process."""
        file = self.folder / "initial.npz"
        save(file, dict(weights))
        entrant.ask("begin", device=device, lr=self.lr, momentum=self.momentum, weights=str(file))

    def unable(self, framework: str, device: str) -> str | None:
        """Return why a framework cannot train on a device, or None if it can."""
        try:
            with self.entrant(framework) as (entrant, _):
                self.begin(entrant, device, initial_weights(0))
        except Failure as failure:
            return str(failure).removeprefix(f"{framework}: ")
        return None


def initial_weights(seed: int) -> dict[str, np.ndarray]:
    """Return the initial weights of `examples.experiments.train`."""
    autograd.manual_seed(seed)
    return {name: np.array(p.detach().numpy(), order="C") for name, p in Baseline().named_parameters()}


def speed(
    arena: Arena, frameworks: Sequence[str], device: str, batches: Sequence[int], rounds: int, seconds: float
) -> tuple[dict[str, Any], Versions]:
    """Time training steps on loaded batches, and whole epochs including loading."""
    names = [name for name in CONTESTANTS if CONTESTANTS[name].framework in frameworks]
    ways = [name for name in names if name in (*frameworks, "torch-channels-last")]
    with Contest(ways, arena.interpreters, arena.say) as contest:
        for batch in batches:
            arena.check()
            what = {"net": "baseline", "batch": batch, "device": device}
            name = f"{device}, batch {batch}"
            contest.run([Case(name, "compare", "step", what, arena.threads, name)], rounds, seconds)
        arena.check()
    rows = [
        {
            "way": way,
            "batch": batch,
            "seconds": result.timing.median,
            "spread": result.timing.spread,
            "images_per_second": batch / result.timing.median,
        }
        for batch in batches
        for way, result in contest.results.get(f"{device}, batch {batch}", {}).items()
    ]
    epochs, versions = _epochs(arena, frameworks, device, 2)
    return {"steps": rows, "epochs": epochs, "failures": contest.failures}, versions


def _epochs(arena: Arena, frameworks: Sequence[str], device: str, rounds: int) -> tuple[list[dict[str, Any]], Versions]:
    """Time an epoch of each framework in turn, `rounds` times."""
    rows, versions = [], {}
    settings: dict[str, Any] = {"data": str(arena.pictures), "batch_size": arena.batch_size, "seed": 0}
    for number in range(rounds):
        for framework in frameworks:
            arena.check()
            arena.say(f"{device}, a whole epoch: {framework}")
            with arena.entrant(framework) as (entrant, version):
                arena.begin(entrant, device, initial_weights(0))
                entrant.ask("epoch", epoch=0, steps=WARM_UP, **settings)
                found = entrant.ask("epoch", epoch=0, steps=None, **settings)
            rows.append({"framework": framework, "round": number, **found})
            versions.update(version)
    return rows, versions


def same_training(arena: Arena, frameworks: Sequence[str], steps: int, seed: int) -> tuple[dict[str, Any], Versions]:
    """Compare the frameworks on the first batches of the first epoch."""
    train = arena.data.train
    mean, std = channel_statistics(train.images)
    loader = Loader(train, arena.batch_size, mean=mean, std=std, shuffle=True, seed=seed)
    arena.say(f"parity: {steps} steps side by side")
    entered: dict[str, Entrant] = {}
    versions: Versions = {}
    with ExitStack() as stack:
        for framework in frameworks:
            entered[framework], version = stack.enter_context(arena.entrant(framework))
            versions.update(version)
        batches = list(islice(loader.batches(0), steps))
        found = parity.compare(
            entered, initial_weights(seed), batches, arena.lr, arena.momentum, arena.folder, arena.check
        )
    return found, versions


def accuracy(
    arena: Arena, framework: str, seed: int, epochs: int, checkpoint: Path, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], Versions]:
    """Train on all images; after each epoch evaluate on the test images and save a checkpoint."""
    arena.say(f"accuracy: {framework}, seed {seed}")
    rows: list[dict[str, Any]] = []
    fixed = {**settings, "seed": seed}
    with arena.entrant(framework) as (entrant, versions):
        arena.begin(entrant, "cpu", initial_weights(seed))
        data = str(arena.pictures)
        if checkpoint.exists():
            rows = entrant.ask("restore", file=str(checkpoint), settings=fixed)["history"]
        for epoch in range(len(rows), epochs):
            arena.check()
            trained = entrant.ask("epoch", data=data, batch_size=arena.batch_size, seed=seed, epoch=epoch, steps=None)
            tested = entrant.ask("test", data=data)
            rows.append(
                {
                    "epoch": epoch + 1,
                    "train_loss": trained["loss"],
                    "test_loss": tested["loss"],
                    "test_error": tested["wrong"],
                    "seconds": trained["seconds"],
                }
            )
            entrant.ask("save", file=str(checkpoint), settings=fixed, history=rows)
            arena.say(f"  epoch {epoch + 1}/{epochs}: test error {tested['wrong']:.2%}, {trained['seconds']:.1f} s")
    return {"framework": framework, "seed": seed, "epochs": rows}, versions
