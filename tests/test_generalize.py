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
from examples.experiments.support.data.augmentation import VIEWS
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import Loader
from examples.experiments.support.measures import Verdicts, filters, misclassified, verdicts
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested
from examples.experiments.train import main as train_main
from examples.report.page import Figures, Results
from examples.report.sections import generalize as section_module, train as train_section
from nn import functional as F
from tests.runs import TINY, outcome, results_in

ARGS = argparse.Namespace(lr=generalize.LR, epochs=2, without=None)


def run(*argv: str, out: Path) -> int:
    return main([*TINY, *argv, "--out", str(out)])


def result(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "result.json").read_text()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "generalize"
    assert run("--validation", "0", out=out) == 0
    return out


def three_layers(**options: Any) -> ThreeLayers:
    filters = np.random.default_rng(0).standard_normal((48, 3, 5, 5)).astype(np.float32)
    return ThreeLayers(whitening=filters, **options)


def stop_at(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter(range(calls))

    def check(stop: StopOnSignal) -> None:
        if next(left, None) is None:
            raise StopRequested(signal.SIGINT)

    monkeypatch.setattr(StopOnSignal, "check", check)


# The network and how it is trained


def test_the_net_has_three_layers_with_weights_besides_batch_norm() -> None:
    net = three_layers()
    assert net(autograd.zeros((2, 3, 32, 32))).shape == (2, 10)
    weighty = [m for m in net.modules() if list(m.parameters(recurse=False)) and not isinstance(m, nn.BatchNorm2d)]
    assert [type(m) for m in weighty] == [nn.Conv2d, nn.Conv2d, nn.Linear]
    assert f"{sum(p.numel() for p in net.parameters()):,} parameters" in (ThreeLayers.__doc__ or "")


def test_without_batch_norm_the_second_convolution_has_a_bias() -> None:
    kinds = {name: p.shape for name, p in three_layers(batch_norm=False).named_parameters()}
    assert kinds["layers.conv2.bias"] == (2048,)
    assert not any("norm" in name for name in kinds)


def made_without(part: str | None, net: ThreeLayers) -> Any:
    return generalize.parts(net, argparse.Namespace(**{**vars(ARGS), "without": part}), 10)


def test_each_parameter_has_its_optimizer() -> None:
    net = three_layers()
    rest, filters = made_without(None, net).optimizer.param_groups
    assert filters["params"] == [net.layers.conv1.weight, net.layers.conv2.weight] and filters["ns_steps"] == 3
    assert [p.shape for p in rest["params"]] == [(2048,), (2048,), (10, 32768), (10,)]
    assert rest["nesterov"] and rest["momentum"] == 0.9


def test_without_muon_the_filters_have_a_rate_of_sgd() -> None:
    net = three_layers()
    rest, filters = made_without("muon", net).optimizer.param_groups
    assert filters["params"] == [net.layers.conv1.weight, net.layers.conv2.weight] and filters["nesterov"]
    assert filters["initial_lr"] == generalize.SGD_RATE and rest["initial_lr"] == generalize.LR


def test_parts_of_the_first_layer() -> None:
    images = np.random.default_rng(0).integers(0, 256, (100, 3, 32, 32), np.uint8)
    train = Split(images, np.zeros(100, np.int64))
    first = {}
    for without in (None, "first_layer", "whitening"):
        first[without] = generalize.net_of(train, without)().layers.conv1.weight
        filters = first[without].detach().numpy()
        assert (filters[24:] == -filters[:24]).all() == (without != "whitening")
    assert [weight.requires_grad for weight in first.values()] == [True, False, True]


@pytest.mark.parametrize(("patch", "side"), [(5, 4), (6, 4), (9, 3), (26, 1)])
def test_sizes_of_the_network(patch: int, side: int) -> None:
    net = ThreeLayers(6, patch, 10)
    assert net.layers.scores.weight.shape == (10, 10 * side * side)
    assert net(autograd.zeros((2, 3, 32, 32))).shape == (2, 10)


def test_the_rates_rise_and_fall_in_the_steps_of_the_run() -> None:
    made = made_without(None, three_layers())
    rates = []
    for _ in range(20):
        rates.append([group["lr"] for group in made.optimizer.param_groups])
        made.optimizer.step()
        assert made.scheduler
        made.scheduler.step()
    sgd, muon = zip(*rates, strict=True)
    assert max(sgd) == pytest.approx(generalize.LR) and max(muon) == pytest.approx(generalize.MUON_RATE)
    assert sgd.index(max(sgd)) in (1, 2)
    assert np.diff(sgd[2:]) == pytest.approx([np.diff(sgd[2:])[0]] * 17)
    assert sgd[-1] < 0.1 * generalize.LR
    constant = made_without("triangle", three_layers()).optimizer.param_groups
    assert [group["lr"] for group in constant] == pytest.approx([generalize.LR / 2, generalize.MUON_RATE / 2])
    assert np.mean(sgd) == pytest.approx(generalize.LR / 2, rel=0.1)  # the constant rate


# A run


def test_what_a_run_leaves(whole: Path) -> None:
    content = result(whole)
    assert content["experiment"] == "generalize" and content["settings"]["seed"] == 0
    found = content["result"]
    assert [row["epoch"] for row in found["history"]] == [1, 2]
    assert "test_loss" not in found["history"][0]
    assert found["history"][1]["learning_rate"] < found["history"][0]["learning_rate"]
    assert "(1, 2048, 4, 4)" in found["network"]
    confusion = np.array(found["test"]["confusion"])
    assert confusion.sum() == found["test"]["pictures"] == 80
    assert confusion.trace() / 80 == pytest.approx(found["test"]["accuracy"])
    assert len(found["test"]["misclassified"]) == min(12, 80 - confusion.trace())
    assert np.shape(found["filters"]) == (48, 3, 5, 5)
    assert (whole / "history.csv").read_text().startswith("epoch,learning_rate,train_loss")
    assert found["validation"] is None


def test_a_run_resumes_to_the_same_bits(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stop_at(2, patch)
        assert run("--validation", "0", out=tmp_path) == 130
    with monkeypatch.context() as patch:
        stop_at(4, patch)
        assert run("--resume", "--validation", "0", out=tmp_path) == 130
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
        assert run("--validation", "0", out=tmp_path) == 0
    assert result(tmp_path)["result"]["test"] == result(whole)["result"]["test"]


def test_the_number_of_epochs_cannot_change(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--resume", "--epochs", "3", "--out", str(whole)]) == 1
    assert "belongs to a run with other settings: epochs 2, not 3" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parallel
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


def test_a_run_with_validation_images_leaves_the_test_images_alone(tmp_path: Path) -> None:
    assert run("--epochs", "1", out=tmp_path) == 0
    found = result(tmp_path)["result"]
    assert found["test"] is None
    assert found["validation"]["last"] == 1 - found["history"][-1]["validation_error"]


def test_parts_are_compared_on_validation_images(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--without", "muon", "--validation", "0"])
    assert "--without muon compares by validation images: give --validation N, such as 5000" in capsys.readouterr().err


@pytest.mark.parametrize("filters", ["7", "56"])
def test_filters_come_in_pairs_of_principal_components(filters: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--filters", filters, "--patch-size", "3"])
    assert f"--filters {filters}: patches of 3 x 3 pixels" in (error := capsys.readouterr().err)
    assert "give an even number of at most 54" in error


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
    net = three_layers()
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


@pytest.mark.slow
@pytest.mark.parallel
def test_the_section(whole: Path, tmp_path: Path) -> None:
    some = ("nothing", "dropout", "batch_norm", "triangle", "muon")
    for without in some:
        assert run("--without", without, "--epochs", "1", out=tmp_path / without) == 0
    narrow = ("--without", "nothing", "--epochs", "1", "--filters", "8", "--channels", "16")
    assert run(*narrow, out=tmp_path / "narrow") == 0
    kept = tmp_path / "kept"
    parts = {f"{name}_{seed}": tmp_path / name for name in some for seed in (0, 1)}
    records(kept, a=whole, b=whole, c=whole, narrow=tmp_path / "narrow", **parts)
    change(kept / "b.json", lambda content: content["settings"].update(seed=1))
    for (name, seed), accuracy in {
        ("nothing", 0): 0.5, ("nothing", 1): 0.6, ("dropout", 0): 0.49, ("dropout", 1): 0.61,
        ("batch_norm", 0): 0.4, ("batch_norm", 1): 0.48, ("triangle", 0): 0.2, ("triangle", 1): 0.3,
        ("muon", 0): 0.45, ("muon", 1): 0.55,
    }.items():  # fmt: skip

        def measured(content: dict[str, Any], seed: int = seed, accuracy: float = accuracy) -> None:
            content["settings"]["seed"] = seed
            content["result"]["validation"].update(averaged=accuracy - 0.03, mirrored=accuracy, shifted=accuracy)

        change(kept / f"{name}_{seed}.json", measured)
    figures = Figures("figures")
    text = "\n\n".join(section_module.section(results_in(kept), figures))
    accuracy = 100 * result(whole)["result"]["test"]["accuracy"]
    assert f"**{accuracy:.1f} ± 0.0 % of the 80 test images" in text
    assert "; seeds 0, 1)" in text
    assert "Not included, because of other settings or the same seed: a." in text
    assert "The images were generated by the program" in text
    assert "after 1 epoch of 64 images is 55.0 ± 7.1 % (2 seeds)" in text
    assert "| dropout | 55.0 ± 8.5 | +0.0 ± 1.0 |" in text
    assert "| batch norm | 44.0 ± 5.7 | +11.0 ± 1.0 |" in text
    assert "| mirror images in evaluation | 52.0 ± 7.1 | +3.0 ± 0.0 |" in text
    assert "and so perhaps chance, are: dropout and shifts in evaluation." in text
    left = next(part for part in text.split("\n\n") if part.startswith("Not measured"))
    assert "shifts and mirror images, training of the first layer" in left and "dropout" not in left
    assert "Without Muon, SGD trains the filters with a rate of 0.05." in text
    assert "The constant rate is half of the highest" in text
    assert "| 48 | 5 | 2,048 | 1,220,122 | 1 | 64 | " in text and "| 55.0 ± 7.1 |" in text
    accuracy = 100 * result(tmp_path / "narrow")["result"]["validation"]["shifted"]
    assert "| 8 | 5 | 16 | 4,354 | 1 | 64 | " in text and f"| {accuracy:.1f} |" in text
    names = {Path(name).stem for name in figures.files if name.endswith(".svg")}
    assert names == {f"generalize-{what}" for what in ("curves", "parts", "confusion", "mistakes")}


def test_the_sections_without_results(tmp_path: Path) -> None:
    read = records(tmp_path / "kept")
    text = "\n".join(section_module.section(read, Figures("figures")))
    assert "`python -m examples.experiments.generalize` makes one" in text
    assert train_section.section(read, Figures("figures")) == [
        "There is no result yet; `python -m examples.experiments.train` makes one."
    ]


@pytest.mark.slow
@pytest.mark.parallel
def test_parts_are_compared_among_runs_of_the_same_settings(whole: Path, tmp_path: Path) -> None:
    for without, more in (("nothing", ()), ("dropout", ("--lr", "0.003")), ("label_smoothing", ("--seed", "1"))):
        assert run("--without", without, "--epochs", "1", *more, out=tmp_path / without) == 0
    names = ("nothing", "dropout", "label_smoothing")
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
