"""The training loop. It can stop between any two steps; the resumed run is bitwise the same.

A step depends on the parts (model, optimizer, scheduler), the state of the random number
generator, and the position (epoch, step), which determines the batch. A checkpoint contains
exactly this.

Several processes can train one model: each computes some of the shards of a batch, and all take the same step. The
result is bitwise the same for any number of them, and for one process with as many shards.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import autograd
import nn
from examples.experiments.support import processes
from examples.experiments.support.data.loader import Loader
from examples.experiments.support.metrics import hits
from examples.experiments.support.progress import progress_bar, write_line
from examples.experiments.support.runs import checkpoint
from examples.experiments.support.runs.checkpoint import Parts, Progress, Settings
from examples.experiments.support.runs.run_folder import RunFolder
from examples.experiments.support.runs.signals import StopRequested
from nn import functional as F
from nn.parallel import DistributedDataParallel

Check = Callable[[], None]  # called where a run can stop; raises StopRequested to stop
Loss = Callable[[autograd.Tensor, autograd.Tensor], autograd.Tensor]  # (scores, classes) -> mean loss, ()


class NotFinite(Exception):
    """A loss or a weight is not finite. The text says where, and what to try."""


class Data(NamedTuple):
    """Loaders for training, and for evaluation after each epoch."""

    train: Loader
    validation: Loader | None = None
    test: Loader | None = None


def train(
    parts: Parts,
    data: Data,
    epochs: int,
    folder: RunFolder,
    settings: Settings,
    check: Check,
    *,
    loss: Loss = F.cross_entropy,
    shards: int | None = None,
    quiet: bool = False,
) -> Progress:
    """Train up to a number of epochs, starting from the checkpoint in the folder if there is one.

    Each epoch ends with a checkpoint, a row in metrics.jsonl and history.csv, new learning curves
    and a line on stdout.

    Parameters
    ----------
    parts : Parts
        Model, optimizer and scheduler; changed in place.
    data : Data
    epochs : int
        Total number, including epochs of earlier sessions.
    folder : RunFolder
    settings : dict
        All settings that affect the result; a checkpoint with other settings is refused.
    check : function
        `StopOnSignal.check`.
    loss : function
        The training loss. Evaluation always uses the cross-entropy.
    shards : int, optional
        Into how many parts a batch is cut, at least the number of ranks. Without it a batch is whole.
    quiet : bool
        No progress bar and no line per epoch.

    Raises
    ------
    StopRequested
        A signal arrived; the checkpoint has been written.
    NotFinite
        The loss is no longer finite; the last good checkpoint is unchanged.
    CheckpointError, OSError
        The checkpoint cannot be used, or a file cannot be written.
    """
    progress = Progress()
    quiet = quiet or not processes.is_first()
    with folder.last_checkpoint() as file:
        if file:
            progress = checkpoint.restore(file, parts, settings, columns=_columns(data), steps=len(data.train))
            if not quiet and progress.epochs < epochs:
                print(f"Resuming in {_position(progress)}.", flush=True)
    ranks = DistributedDataParallel(parts.model, shards=shards) if shards else None
    if epochs < progress.epochs + (progress.now.step > 0):
        raise ValueError(f"The run is already in {_position(progress)}, beyond --epochs {epochs}. Give more --epochs.")
    folder.write_metrics(progress.history)
    try:
        while progress.epochs < epochs:
            _train_epoch(parts, ranks, data.train, progress, epochs, check, loss, quiet)
            progress.end_epoch(_measure(parts, data, progress, check))
            if parts.scheduler and not parts.each_step:
                parts.scheduler.step()
            _save(folder, parts, progress, settings)
            folder.write_metrics(progress.history)
            if not quiet:
                write_line(_line(progress.history[-1], epochs), sys.stdout)
    except StopRequested:
        _save(folder, parts, progress, settings)
        raise
    except NotFinite as error:
        if folder.checkpoint.exists():
            error.add_note(
                f"{folder.checkpoint} was written earlier and is still good; start again with another --out."
            )
        raise
    return progress


def evaluate(model: nn.Module, loader: Loader, check: Check = lambda: None) -> tuple[float, float]:
    """Return the mean loss and the error (the fraction of misclassified images) in eval mode.

    Each rank evaluates some of the batches, and their results are added in the order of the batches.
    """
    own = processes.own_share(len(loader))
    results = []
    model.eval()
    with autograd.no_grad():
        for x, y in loader.batches(0, steps=own):
            if processes.count() == 1:
                check()  # with several ranks all have to call it, and they may have different numbers of batches
            scores = model(autograd.from_numpy(x))
            loss = F.cross_entropy(scores, autograd.from_numpy(y)).item() * len(y)
            results.append((loss, float((~hits(scores.numpy(), y)).sum())))
    if processes.count() > 1:
        check()
    losses, wrong = zip(*processes.dealt(results, len(loader), 2), strict=True)
    count = len(loader.split.labels)
    return sum(losses) / count, sum(wrong) / count


def _train_epoch(
    parts: Parts,
    ranks: DistributedDataParallel | None,
    loader: Loader,
    progress: Progress,
    epochs: int,
    check: Check,
    criterion: Loss,
    quiet: bool,
) -> None:
    """Do the remaining steps of the current epoch."""
    now = progress.now
    parts.model.train()
    name = f"epoch {progress.epochs + 1}/{epochs}"
    with progress_bar(total=len(loader), initial=now.step, desc=name, unit="batch", quiet=quiet) as bar:
        before = perf_counter()
        shards = ranks.shard_count if ranks else None
        for x, y in loader.batches(progress.epochs, now.step, part=lambda rows: processes.own_rows(rows, shards)):
            check()
            parts.optimizer.zero_grad()
            done = _gradients(parts.model, x, y, criterion) if ranks is None else _over_shards(ranks, x, y, criterion)
            if not math.isfinite(done.loss):
                _give_up(f"The training loss is {done.loss}", parts, progress)
            _take_step(parts)
            now.loss_sum += done.loss * done.pictures
            now.wrong += done.wrong
            now.pictures += done.pictures
            now.step += 1
            after = perf_counter()
            now.seconds += after - before
            before = after
            bar.set_postfix(loss=f"{now.loss_sum / now.pictures:.4f}", refresh=False)
            bar.update()


class Done(NamedTuple):
    """What a step found in its batch, before the parameters changed."""

    loss: float  # the mean
    wrong: int  # misclassified images
    pictures: int


def _gradients(model: nn.Module, x: np.ndarray, y: np.ndarray, criterion: Loss) -> Done:
    """Compute the gradients of a batch; none if its loss is not finite."""
    scores = model(autograd.from_numpy(x))
    loss = criterion(scores, autograd.from_numpy(y))
    value = loss.item()
    if math.isfinite(value):
        loss.backward()
    return Done(value, int((~hits(scores.detach().numpy(), y)).sum()), len(y))


def _over_shards(ranks: DistributedDataParallel, x: np.ndarray, y: np.ndarray, criterion: Loss) -> Done:
    """Compute the gradients of a batch of which this rank has the rows of its shards."""
    batch = ranks.shards(x, y, local=True)
    for x_part, y_part in batch:
        done = _gradients(ranks, x_part, y_part, criterion)
        batch.add(loss=done.loss, wrong=done.wrong)
    return Done(batch.mean("loss"), int(batch.sum("wrong")), batch.total)


def _take_step(parts: Parts) -> None:
    """Change the parameters by their gradients."""
    parts.optimizer.step()
    if parts.scheduler and parts.each_step:
        parts.scheduler.step()


def _measure(parts: Parts, data: Data, progress: Progress, check: Check) -> dict[str, Any]:
    """Return the row of metrics of a completed epoch."""
    now = progress.now
    row = {
        "epoch": progress.epochs + 1,
        "learning_rate": parts.optimizer.param_groups[0]["lr"],
        "train_loss": now.loss_sum / now.pictures,
        "train_error": now.wrong / now.pictures,
    }
    for name, loader in (("validation", data.validation), ("test", data.test)):
        if loader:
            row[f"{name}_loss"], row[f"{name}_error"] = loss, _ = evaluate(parts.model, loader, check)
            if not math.isfinite(loss):
                _give_up(f"The {name} loss is {loss}", parts, progress)
    return {**row, "seconds": now.seconds, "images_per_second": now.pictures / now.seconds}


def _columns(data: Data) -> list[str]:
    """Return the names in a row of `_measure`."""
    measured = ["train", *(name for name in ("validation", "test") if getattr(data, name))]
    each = [f"{name}_{what}" for name in measured for what in ("loss", "error")]
    return ["epoch", "learning_rate", *each, "seconds", "images_per_second"]


def _save(folder: RunFolder, parts: Parts, progress: Progress, settings: Settings) -> None:
    """Write the checkpoint. If a weight is not finite, raise and leave the last good one unchanged."""
    for name, tensor in parts.model.state_dict().items():
        if not np.isfinite(tensor.detach().numpy()).all():
            _give_up(f"The weight {name} is not finite", parts, progress)
    if processes.is_first():
        checkpoint.save(folder.checkpoint, parts, progress, settings)
    processes.wait()


def _give_up(what: str, parts: Parts, progress: Progress) -> None:
    raise NotFinite(
        f"{what} in {_position(progress)}, at the learning rate {parts.optimizer.param_groups[0]['lr']:g}. "
        "Start again with a smaller --lr, such as a tenth of it; if that does not help, check the data."
    )


def _position(progress: Progress) -> str:
    return f"epoch {progress.epochs + 1}, after step {progress.now.step}"


def _line(row: dict[str, Any], epochs: int) -> str:
    """Return the line of an epoch, of at most 79 columns; metrics.jsonl has the rest."""
    errors = [
        f"{split} {100 * row[f'{split}_error']:.1f} %" for split in ("validation", "test") if f"{split}_error" in row
    ] or [f"training {100 * row['train_error']:.1f} %"]
    return "  ".join(
        [
            f"epoch {row['epoch']:{len(str(epochs))}}/{epochs}",
            f"training loss {row['train_loss']:.4f}",
            f"error {', '.join(errors)}",
            f"{row['seconds']:.{0 if row['seconds'] >= 100 else 1}f} s",
        ]
    )
