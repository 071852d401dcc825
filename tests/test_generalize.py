"""`generalize`: the network, its parts, the held-out test images, resuming, and the section."""

from __future__ import annotations

import argparse
import base64
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from examples.experiments import generalize
from examples.experiments.generalize import PARTS, main
from examples.experiments.models import ThreeLayers
from examples.experiments.support import measures
from examples.experiments.support.data import synthetic
from examples.experiments.support.data.augmentation import VIEWS
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import Loader
from examples.experiments.support.data.patches import principal_components
from examples.experiments.support.measures import Verdicts, filters, misclassified, verdicts
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested
from examples.experiments.train import main as train_main
from examples.report.page import Figures, Results
from examples.report.sections import generalize as section_module, train as train_section
from nn import functional as F
from tests.runs import TINY, outcome, results_in

ARGS = argparse.Namespace(
    lr=0.1, momentum=0.9, weight_decay=5e-4, epochs=2, optimizer="nesterov", without=None, batch_size=4
)


def run(*argv: str, out: Path) -> int:
    return main([*TINY, *argv, "--out", str(out)])


def result(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "result.json").read_text()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "generalize"
    assert run(out=out) == 0
    return out


def stop_at(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter(range(calls))

    def check(stop: StopOnSignal) -> None:
        if next(left, None) is None:
            raise StopRequested(signal.SIGINT)

    monkeypatch.setattr(StopOnSignal, "check", check)


# The network and how it is trained


def test_the_net_has_three_layers_with_weights_besides_batch_norm() -> None:
    net = ThreeLayers()
    assert net(autograd.zeros((2, 3, 32, 32))).shape == (2, 10)
    weighty = [m for m in net.modules() if list(m.parameters(recurse=False)) and not isinstance(m, nn.BatchNorm2d)]
    assert [type(m) for m in weighty] == [nn.Conv2d, nn.Conv2d, nn.Linear]
    assert f"{sum(p.numel() for p in net.parameters()):,} parameters" in (ThreeLayers.__doc__ or "")


def test_principal_components_decorrelate_patches() -> None:
    images = synthetic.make(50, 1, seed=0).train.images
    filters = principal_components(images, 5, 64)
    assert filters.dtype == np.float32 and filters.shape == (64, 3, 5, 5)
    np.testing.assert_array_equal(filters[32:], -filters[:32])
    np.testing.assert_allclose((filters**2).sum((1, 2, 3)), 1 / 3, rtol=1e-5)
    seen = F.conv2d(autograd.from_numpy(images.astype(np.float32)), autograd.from_numpy(filters[:32])).numpy()
    covariance = np.cov(seen.transpose(1, 0, 2, 3).reshape(32, -1).astype(np.float64))
    variances = covariance.diagonal()
    assert (np.diff(variances) <= 0).all()  # the largest first
    spread = np.sqrt(np.outer(variances, variances))
    assert abs(covariance - np.diag(variances)).max() < 1e-3 * spread.max()
    assert variances[0] > 0.9 * np.linalg.eigvalsh(np.cov(patches(images).T))[-1] / 3


def patches(images: np.ndarray) -> np.ndarray:
    places = [(i, j) for i in range(28) for j in range(28)]
    return np.concatenate([images[:, :, i : i + 5, j : j + 5].reshape(len(images), -1) for i, j in places]).astype(
        float
    )


def test_without_batch_norm_the_convolutions_have_a_bias() -> None:
    kinds = {name: p.shape for name, p in ThreeLayers(batch_norm=False).named_parameters()}
    assert kinds["layers.conv1.bias"] == (64,)
    assert not any("norm" in name for name in kinds)


@pytest.mark.parametrize(
    ("without", "rate", "decay"), [(None, 0.1 / 25, 5e-4), ("weight_decay", 0.1 / 25, 0), ("one_cycle", 0.05, 5e-4)]
)
def test_decay_and_rate(without: str | None, rate: float, decay: float) -> None:
    net = ThreeLayers()
    made = generalize.parts(net, argparse.Namespace(**{**vars(ARGS), "without": without}), 10)
    weights, others = made.optimizer.param_groups
    assert [p.ndim for p in weights["params"]] == [4, 4, 2]
    assert {p.ndim for p in others["params"]} == {1}
    assert (weights["weight_decay"], others["weight_decay"]) == (decay, 0)
    assert weights["lr"] == others["lr"] == pytest.approx(rate)
    assert weights["nesterov"] and weights["momentum"] == 0.9


def test_the_rate_goes_through_its_cycle_in_the_steps_of_the_run() -> None:
    made = generalize.parts(ThreeLayers(), ARGS, 10)
    rates = []
    for _ in range(20):
        rates.append(made.optimizer.param_groups[0]["lr"])
        made.optimizer.step()
        assert made.scheduler
        made.scheduler.step()
    assert max(rates) == pytest.approx(0.1, rel=1e-3)
    assert rates.index(max(rates)) == 4
    assert rates[-1] < 1e-6
    assert np.mean(rates) == pytest.approx(0.05, rel=0.1)  # the constant rate of `--without one_cycle`


# A run


def test_what_a_run_leaves(whole: Path) -> None:
    content = result(whole)
    assert content["experiment"] == "generalize" and content["settings"]["seed"] == 0
    assert content["settings"]["optimizer"] == "nesterov"
    found = content["result"]
    assert [row["epoch"] for row in found["history"]] == [1, 2]
    assert "test_loss" not in found["history"][0]
    assert found["history"][1]["learning_rate"] < 0.01 < found["history"][0]["learning_rate"]
    assert "(1, 384, 5, 5)" in found["network"]
    confusion = np.array(found["test"]["confusion"])
    assert confusion.sum() == found["test"]["pictures"] == 80
    assert confusion.trace() / 80 == pytest.approx(found["test"]["accuracy"])
    assert len(found["test"]["misclassified"]) == min(12, 80 - confusion.trace())
    assert np.shape(found["filters"]) == (64, 3, 5, 5)
    assert (whole / "history.csv").read_text().startswith("epoch,learning_rate,train_loss")
    assert found["validation"]["last"] == 1 - found["history"][-1]["validation_error"]


def test_the_weights_that_are_kept_are_the_averages(whole: Path) -> None:
    left = outcome(whole)
    averages = {name.removeprefix("average.module."): value for name, value in left["checkpoint"].items()}
    for name, content in left["weights"].items():
        assert averages[name][2] == content
    assert left["checkpoint"]["model.layers.conv1.weight"][2] != left["weights"]["layers.conv1.weight"]


def test_a_run_resumes_to_the_same_bits(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stop_at(2, patch)
        assert run(out=tmp_path) == 130
    with monkeypatch.context() as patch:
        stop_at(4, patch)
        assert run("--resume", out=tmp_path) == 130
    assert main(["--resume", "--out", str(tmp_path)]) == 0
    assert outcome(tmp_path) == outcome(whole)
    assert result(tmp_path)["result"]["test"] == result(whole)["result"]["test"]


def test_a_signal_after_the_training_waits_for_the_result(whole: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        before = measures.tested

        def signalled(*arguments: Any) -> Any:
            signal.raise_signal(signal.SIGUSR2)
            return before(*arguments)

        patch.setattr(measures, "tested", signalled)
        assert run(out=tmp_path) == 0
    assert result(tmp_path)["result"]["test"] == result(whole)["result"]["test"]


def test_the_number_of_epochs_cannot_change(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--resume", "--epochs", "3", "--out", str(whole)]) == 1
    assert "belongs to a run with other settings: epochs 2, not 3" in capsys.readouterr().err


@pytest.mark.parametrize("without", ["nothing", *PARTS])
def test_without_a_part_the_test_pictures_stay_untouched(
    without: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures, "tested", None)  # calling None would raise
    assert run("--without", without, "--epochs", "1", out=tmp_path) == 0
    found = result(tmp_path)["result"]
    assert found["test"] is None and found["without"] == without


@pytest.mark.slow
@pytest.mark.parallel
def test_each_part_changes_the_training(tmp_path: Path) -> None:
    losses = {}
    for without in ("nothing", *PARTS):
        assert run("--without", without, "--epochs", "1", out=tmp_path / without) == 0
        losses[without] = result(tmp_path / without)["result"]["history"][0]["validation_loss"]
    assert len(set(losses.values())) == len(losses)


def test_all_pictures_can_be_trained_on(tmp_path: Path) -> None:
    assert run("--validation", "0", "--epochs", "1", out=tmp_path) == 0
    assert result(tmp_path)["result"]["validation"] is None


def test_an_unknown_part(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--without", "luck"])
    assert "invalid choice: 'luck'" in capsys.readouterr().err


# Measurements


class Left(nn.Module):
    """Scores of classes 0 and 1: the brightness of the left and of the right half."""

    def forward(self, x: autograd.Tensor) -> autograd.Tensor:
        scores = np.full((len(x.numpy()), 10), -100, np.float32)
        scores[:, 0], scores[:, 1] = (x.numpy()[..., half].mean((1, 2, 3)) for half in (slice(0, 16), slice(16, 32)))
        return autograd.from_numpy(scores)


def test_mirrored_verdicts_are_the_mean_of_both_views() -> None:
    images = np.zeros((3, 3, 32, 32), np.uint8)
    images[:, :, :, :16] = 255
    loader = Loader(Split(images, np.array([0, 1, 0])), 2, mean=(0, 0, 0), std=(1, 1, 1), shuffle=False, seed=0)
    plain = verdicts(Left(), loader, "averaged")
    assert plain.probabilities[:, 0] == pytest.approx(1 / (1 + np.exp(-1)))
    assert plain.error == pytest.approx(1 / 3)
    assert plain.confusion()[1][0] == 1 and plain.confusion()[0][0] == 2
    assert verdicts(Left(), loader, "mirrored").probabilities[:, :2] == pytest.approx(0.5)


def test_shifted_verdicts_are_weighted_means_of_six_views() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), np.uint8)
    loader = Loader(Split(images, np.zeros(4, int)), 3, mean=(0, 0, 0), std=(1, 1, 1), shuffle=False, seed=0)
    wide = np.pad(images / np.float32(255), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    wanted = np.zeros((4, 10))
    for weight, first in ((0.25, 1), (0.125, 0), (0.125, 2)):
        window = wide[:, :, first : first + 32, first : first + 32]
        for view in (window, window[..., ::-1].copy()):
            wanted += weight * F.softmax(Left()(autograd.tensor(view)), dim=1).numpy()
    np.testing.assert_allclose(verdicts(Left(), loader, "shifted").probabilities, wanted, rtol=1e-5)
    assert [sum(weight for weight, *_ in views) for views in VIEWS.values()] == [1, 1, 1]


def test_misclassified_pictures() -> None:
    probabilities = np.full((30, 10), 0.05, np.float32)
    probabilities[:, 3] = 0.5
    probabilities[:, 7] = 0.1
    labels = np.where(np.arange(30) % 2, 3, 9)  # the even ones are wrong
    images = np.random.default_rng(0).integers(0, 256, (30, 3, 32, 32), np.uint8)
    found = misclassified(Verdicts(probabilities, labels), images, 3)
    assert [picture["index"] for picture in found] == [0, 14, 28]
    assert found[1]["class"] == 9
    assert found[1]["likeliest"] == [[3, 0.5], [7, 0.1], [0, 0.05]]
    assert base64.b64decode(found[1]["pixels"]) == images[14].tobytes()
    assert len(misclassified(Verdicts(probabilities, labels), images, 100)) == 15
    assert misclassified(Verdicts(probabilities, np.full(30, 3)), images, 3) == []


def test_filters_are_the_first_convolutions() -> None:
    net = ThreeLayers()
    np.testing.assert_allclose(filters(net), net.layers.conv1.weight.detach().numpy(), rtol=1e-3)


# The sections


def records(folder: Path, **runs: Path) -> Results:
    folder.mkdir()
    for name, run_folder in runs.items():
        (folder / f"{name}.json").write_bytes((run_folder / "result.json").read_bytes())
    return results_in(folder)


def change(path: Path, how: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text())
    how(content)
    path.write_text(json.dumps(content))


def test_the_section(whole: Path, tmp_path: Path) -> None:
    some = ("nothing", "dropout", "batch_norm", "one_cycle")
    for without in some:
        assert run("--without", without, "--epochs", "1", out=tmp_path / without) == 0
    kept = tmp_path / "kept"
    records(kept, a=whole, b=whole, c=whole, **{name: tmp_path / name for name in some})
    change(kept / "b.json", lambda content: content["settings"].update(seed=1))
    read = results_in(kept)
    figures = Figures("figures")
    text = "\n\n".join(section_module.section(read, figures))
    accuracy = 100 * result(whole)["result"]["test"]["accuracy"]
    assert f"**{accuracy:.1f} ± 0.0 % of the 80 test images" in text
    assert "; seeds 0, 1)" in text
    assert "Not included, because of other settings or the same seed: a." in text
    assert "The images were generated by the program" in text
    gain = 100 * (
        result(tmp_path / "nothing")["result"]["validation"]["mirrored"]
        - result(tmp_path / "dropout")["result"]["validation"]["mirrored"]
    )
    assert f"| {gain:+.1f} |" in next(line for line in text.splitlines() if line.startswith("| dropout"))
    left = next(part for part in text.split("\n\n") if part.startswith("Not measured"))
    assert "crops and mirror images, a start" in left and "dropout" not in left
    assert "Without batch norm the learning rate is multiplied by 0.1; otherwise the loss becomes infinite." in text
    assert "Without the cycle it is constant at 0.05." in text
    names = {Path(name).stem for name in figures.files if name.endswith(".svg")}
    assert names == {f"generalize-{what}" for what in ("curves", "parts", "confusion", "mistakes")}


def test_the_sections_without_results(tmp_path: Path) -> None:
    read = records(tmp_path / "kept")
    text = "\n".join(section_module.section(read, Figures("figures")))
    assert "`python -m examples.experiments.generalize` makes one" in text
    assert train_section.section(read, Figures("figures")) == [
        "There is no result yet; `python -m examples.experiments.train` makes one."
    ]


def test_parts_are_compared_among_runs_of_the_same_settings(whole: Path, tmp_path: Path) -> None:
    for without, more in (("nothing", ()), ("dropout", ("--lr", "0.2")), ("weight_decay", ("--validation", "0"))):
        assert run("--without", without, "--epochs", "1", *more, out=tmp_path / without) == 0
    names = ("nothing", "dropout", "weight_decay")
    read = records(tmp_path / "kept", a=whole, **{name: tmp_path / name for name in names})
    text = "\n".join(section_module.section(read, Figures("figures")))
    assert "The contribution of each part has not been measured yet" in text


def test_a_run_without_held_out_pictures_has_a_section(tmp_path: Path) -> None:
    assert run("--validation", "0", "--epochs", "1", out=tmp_path / "all") == 0
    read = records(tmp_path / "kept", a=tmp_path / "all")
    assert any("test images" in part for part in section_module.section(read, Figures("figures")))


def test_the_baselines_section(tmp_path: Path) -> None:
    assert train_main([*TINY, "--out", str(tmp_path / "train")]) == 0
    content = result(tmp_path / "train")
    assert np.shape(content["result"]["filters"]) == (32, 3, 7, 7)
    figures = Figures("figures")
    text = "\n\n".join(train_section.section(records(tmp_path / "kept", a=tmp_path / "train"), figures))
    row = content["result"]["history"][-1]
    assert f"**{100 * (1 - row['test_error']):.1f} % of the test images" in text
    assert f"| 0 | 2 | {100 * (1 - row['train_error']):.1f} % |" in text
    assert "The 32 filters of the first layer" in text
    assert "figures/train-filters.svg" in figures.files
    top5 = content["result"]["test"]["top5"]
    assert f"For {100 * top5:.1f} % of the test images, the class is among the five most probable ones" in text
    assert "The easiest class is" in text and "figures/train-confusion.svg" in figures.files

    def older(content: dict[str, Any]) -> None:
        del content["result"]["test"], content["result"]["classes"]

    change(tmp_path / "kept" / "a.json", older)
    figures = Figures("figures")
    parts = train_section.section(results_in(tmp_path / "kept"), figures)
    assert "\n\n".join(part for part in text.split("\n\n") if "top-5" not in part and "confusion" not in part) == (
        "\n\n".join(parts)
    )
    assert "figures/train-filters.svg" in figures.files and "figures/train-confusion.svg" not in figures.files
