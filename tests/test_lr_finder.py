"""The learning rate finder: its suggestion, where it stops, and that it leaves everything as it was."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from examples.experiments.support import lr_finder
from examples.experiments.support.data.loader import Batch
from examples.experiments.support.lr_finder import NoSuggestion, Sweep, sweep
from examples.experiments.train import main
from nn import functional as F
from tests.runs import TINY, outcome


def batches(seed: int = 0) -> Iterator[Batch]:
    """Two classes of noisy points: above and below a plane."""
    rng = np.random.default_rng(seed)
    while True:
        x = rng.normal(size=(32, 8)).astype(np.float32)
        yield x, (x[:, 0] + x[:, 1] > 0).astype(np.int64)


def net() -> nn.Sequential:
    autograd.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))


def content(value: Any) -> Any:
    """Tensors as bytes, so that nested states can be compared."""
    if isinstance(value, autograd.Tensor):
        return value.detach().numpy().tobytes()
    if isinstance(value, dict):
        return {key: content(item) for key, item in value.items()}
    return [content(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_everything_is_as_before(kind: type[optim.Optimizer], warm: bool) -> None:
    """Weights, running statistics, gradients, modes, momenta, rates, random numbers; also after an error."""
    model = net()
    options: dict[str, Any] = {"momentum": 0.9} if kind is optim.SGD else {}
    optimizer = kind(model.parameters(), lr=0.025, **options)  # type: ignore[call-arg]
    if warm:
        x, y = next(batches())
        F.cross_entropy(model(autograd.from_numpy(x)), autograd.from_numpy(y)).backward()
        optimizer.step()
    model[1].eval()

    def everything() -> Any:
        gradients = [parameter.grad for parameter in model.parameters()]
        modes = [module.training for module in model.modules()]
        return content([model.state_dict(), optimizer.state_dict(), gradients, modes, autograd.get_rng_state()])

    before = everything()
    found = sweep(model, optimizer, batches(), F.cross_entropy, steps=40, quiet=True)
    assert len(found.losses) > 30 and everything() == before

    def interrupted() -> Iterator[Batch]:
        yield from itertools.islice(batches(), 5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(model, optimizer, interrupted(), F.cross_entropy, quiet=True)
    assert everything() == before
    assert sweep(model, optimizer, batches(), F.cross_entropy, steps=40, quiet=True) == found  # the same bits


def test_the_rates_and_the_running_mean() -> None:
    model = nn.Linear(8, 2)
    optimizer = optim.SGD(model.parameters(), lr=1)
    found = sweep(model, optimizer, batches(), F.cross_entropy, lowest=1e-3, highest=1, steps=4, quiet=True)
    assert found.rates == pytest.approx([1e-3, 1e-2, 1e-1, 1])
    weights = [[0.9**age for age in range(i, -1, -1)] for i in range(4)]
    assert found.smoothed == pytest.approx([np.average(found.losses[: i + 1], weights=weights[i]) for i in range(4)])
    assert not found.diverged


def test_a_parabola_diverges_where_it_must() -> None:
    """The loss w² / 2 diverges with SGD above a rate of 2; it falls by the factor (1 - rate)² in a step."""
    weight = autograd.tensor([3.0], requires_grad=True)
    model = nn.Module()
    model.weight = nn.Parameter(weight.detach())
    model.forward = lambda x: model.weight  # type: ignore[assignment]
    found = sweep(
        model, optim.SGD(model.parameters(), lr=1), batches(), lambda w, y: (w * w).sum() / 2, highest=1e4, quiet=True
    )
    assert found.diverged and 2 < found.rates[-1] < 200
    assert 0.01 < found.suggestion < 0.5
    assert model.weight.item() == 3


def test_the_suggestion_is_the_steepest_descent() -> None:
    """A descent by a sigmoid in the logarithm of the rate, with noise, then a rise that is steeper."""
    rng = np.random.default_rng(0)
    rates = [10 ** (-5 + 6 * i / 199) for i in range(200)]
    losses = []
    for rate in rates:
        x = math.log10(rate)
        fall, rise = 1.5 / (1 + math.exp(-6 * (x + 2.5))), max(0, 100 * (x + 1))
        losses.append(2.3 - fall + rise + rng.normal(0, 0.05))
    smoothed = np.convolve(losses, np.ones(9) / 9, "same").tolist()
    found = Sweep(rates, losses, smoothed, diverged=False)
    assert -2.65 < math.log10(found.suggestion) < -2.35


def test_no_suggestion_where_the_loss_only_rises() -> None:
    model = nn.Linear(8, 2)
    optimizer = optim.SGD(model.parameters(), lr=1, maximize=True)
    found = sweep(model, optimizer, batches(), F.cross_entropy, highest=1000, quiet=True)
    with pytest.raises(NoSuggestion, match=r"falls at no learning rate from 1e-05 to .*\. Check the data"):
        _ = found.suggestion
    with pytest.raises(NoSuggestion):
        _ = Sweep([0.1, 1.0], [2.0, 1.0], [2.0, 1.5], diverged=False).suggestion  # too few to tell


def test_refusals() -> None:
    model = nn.Linear(8, 2)
    optimizer = optim.SGD(model.parameters(), lr=1)
    for wrong in ({"lowest": 0.0}, {"lowest": 20.0}, {"highest": math.inf}, {"steps": 1}):
        with pytest.raises(ValueError, match="the rates must rise"):
            sweep(model, optimizer, batches(), F.cross_entropy, quiet=True, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not finite before the first step, or there is no batch"):
        sweep(model, optimizer, [], F.cross_entropy, quiet=True)
    with pytest.raises(ValueError, match="not finite before the first step"):
        sweep(model, optimizer, batches(), lambda scores, y: scores.sum() * math.nan, quiet=True)


# --find-lr


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lr_finder.sweep, "__kwdefaults__", {**(lr_finder.sweep.__kwdefaults__ or {}), "steps": 60})


def run(*argv: str, out: Path) -> int:
    return main([*argv, "--out", str(out)])


@pytest.mark.usefixtures("short")
def test_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TINY, "--find-lr", out=tmp_path / "run") == 0
    out, err = capsys.readouterr()
    assert not err
    rate = float(re.findall(r"falls most steeply at --lr (\S+), which is the suggestion", out)[0])
    assert 1e-4 < rate < 1
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        ".lock", "learning_rates.csv", "learning_rates.png"]  # fmt: skip
    assert (tmp_path / "run" / "learning_rates.png").stat().st_size > 10_000
    with (tmp_path / "run" / "learning_rates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["learning_rate"]) == 1e-5
    assert any(f"{float(row['learning_rate']):.2g}" == f"{rate:.2g}" for row in rows)

    assert run(*TINY, "--quiet", out=tmp_path / "run") == 0  # the folder is free for a training
    before = outcome(tmp_path / "run")
    assert run(*TINY, "--find-lr", "--optimizer", "adam", out=tmp_path / "run") == 0  # and a training stays
    assert outcome(tmp_path / "run") == before


def test_nothing_to_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(*TINY, "--find-lr", "--resume", out=tmp_path)
    assert "--find-lr trains nothing that could --resume" in capsys.readouterr().err
