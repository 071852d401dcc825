"""`generalize_deep`: the network, its parts, and a run that stops and resumes."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from examples.experiments import generalize_deep
from examples.experiments.generalize_deep import Deep, main
from examples.experiments.support import measures
from examples.experiments.support.data import synthetic
from examples.experiments.support.data.loader import channel_statistics
from examples.experiments.support.data.patches import whitening
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested
from examples.report.page import Figures
from examples.report.sections import generalize_deep as section_module
from nn import functional as F
from tests.runs import TINY, outcome, results_in


def run(*argv: str, out: Path) -> int:
    return main([*TINY, *argv, "--out", str(out)])


def found(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "result.json").read_text())["result"])


def deep() -> Deep:
    autograd.manual_seed(0)
    return Deep(np.random.default_rng(0).standard_normal((24, 3, 2, 2)).astype(np.float32))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "generalize_deep"
    assert run("--validation", "0", out=out) == 0
    return out


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with validation images."""
    out = tmp_path_factory.mktemp("runs") / "trial"
    assert run("--epochs", "1", out=out) == 0
    return out


def test_convolutions_start_as_the_identity_and_batch_norm_learns_no_scale() -> None:
    net = deep()
    x = autograd.randn(2, 24, 8, 8)
    np.testing.assert_array_equal(net.body.group1.layers.conv1(x)[:, :24].detach().numpy(), x.numpy())
    trained = [name for name, p in net.named_parameters() if p.requires_grad]
    assert "whiten.weight" not in trained and not any("norm" in name and "weight" in name for name in trained)
    assert len(trained) == 6 + 6 + 1
    assert net.head.weight.std().item() == pytest.approx(1)


def test_whitened_patches_have_variance_one() -> None:
    images = synthetic.make(60, 1, seed=0).train.images
    mean, std = channel_statistics(images)
    filters = whitening(images, std, 2, 24, 1e-6)
    np.testing.assert_array_equal(filters[12:], -filters[:12])
    x = (images / np.float32(255) - mean.reshape(3, 1, 1)) / std.reshape(3, 1, 1)
    seen = F.conv2d(autograd.tensor(x), autograd.tensor(filters[:12])).numpy().transpose(1, 0, 2, 3).reshape(12, -1)
    np.testing.assert_allclose(np.cov(seen.astype(np.float64)), np.eye(12), atol=0.02)


def test_each_parameter_has_its_optimizer_and_all_rates_fall_to_zero() -> None:
    net = deep()
    made = generalize_deep.parts(net, argparse.Namespace(lr=0.24, epochs=2), 5)
    filters, biases, head = made.optimizer.param_groups
    assert [p.ndim for p in filters["params"]] == [4] * 6
    assert [p.ndim for p in biases["params"]] == [1] * 6
    assert head["params"] == [net.head.weight]
    first = [group["lr"] for group in made.optimizer.param_groups]
    assert first[0] == 0.24
    assert made.scheduler
    for _ in range(5):
        made.optimizer.step()
        made.scheduler.step()
    assert [group["lr"] for group in made.optimizer.param_groups] == pytest.approx([rate / 2 for rate in first])
    for _ in range(5):
        made.scheduler.step()
    assert [group["lr"] for group in made.optimizer.param_groups] == [0, 0, 0]


def test_filters_are_normalized_before_each_step() -> None:
    net = deep()
    made = generalize_deep.parts(net, argparse.Namespace(lr=1e-9, epochs=2), 5)
    F.cross_entropy(net(autograd.randn(4, 3, 32, 32)), autograd.arange(4)).backward()
    made.optimizer.step()
    for p in made.optimizer.param_groups[0]["params"]:
        assert p.norm().item() == pytest.approx(len(p) ** 0.5, rel=1e-5)


def test_the_work_is_counted_once() -> None:
    net = deep()
    counted = measures.work(net, F.cross_entropy, 100, 10)
    convolutions = [(24, 64, 31), (64, 64, 15), (64, 256, 15), (256, 256, 7), (256, 256, 7), (256, 256, 3)]
    forward = [2 * 9 * c * o * side * side for c, o, side in convolutions]
    whitened = 2 * 12 * 24 * 31 * 31  # forward only
    wanted = 3 * sum(forward) - forward[0] + whitened  # the first one's input needs no gradient
    assert counted["flops"] / 1000 == pytest.approx(wanted, rel=0.01)
    assert counted["peak"] > 1


def test_what_a_run_leaves(whole: Path) -> None:
    result = found(whole)
    assert result["validation"] is None
    assert result["test"]["pictures"] == 80
    assert [row["epoch"] for row in result["history"]] == [1, 2]
    assert result["parameters"] > 1_900_000


def test_with_validation_the_test_pictures_stay_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "tested", None)  # calling None would raise
    assert run("--epochs", "1", out=tmp_path) == 0
    result = found(tmp_path)
    assert result["test"] is None
    assert list(result["validation"]) == ["last", "averaged", "mirrored", "shifted"]


def test_a_run_resumes_to_the_same_bits(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stops, more in ((2, []), (4, ["--resume"])):
        left = iter(range(stops))

        def check(stop: StopOnSignal, left: Any = left) -> None:
            if next(left, None) is None:
                raise StopRequested(signal.SIGINT)

        with monkeypatch.context() as patch:
            patch.setattr(StopOnSignal, "check", check)
            assert run("--validation", "0", *more, out=tmp_path) == 130
    assert main(["--resume", "--out", str(tmp_path)]) == 0
    assert outcome(tmp_path) == outcome(whole)
    assert found(tmp_path)["test"] == found(whole)["test"]


def test_the_section(whole: Path, trial: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    for name, folder in (("a", whole), ("b", trial)):
        (kept / f"{name}.json").write_bytes((folder / "result.json").read_bytes())
    figures = Figures("figures")
    text = "\n\n".join(section_module.section(results_in(kept), figures))
    result = found(whole)
    assert f"**{100 * result['test']['accuracy']:.1f} % of the 80 test images" in text
    assert f"A run computes {result['work']['flops'] / 1e15:.2f} PFLOP" in text
    assert f"| the image alone | {100 * found(trial)['validation']['averaged']:.1f} |" in text
    assert "on all 80 images for 2 epochs" in text and "The images were generated by the program" in text
    names = {Path(name).stem for name in figures.files if name.endswith(".svg")}
    assert names == {f"generalize-deep-{what}" for what in ("curves", "confusion", "mistakes")}


def test_the_section_compares_with_pytorch_on_the_same_machine(whole: Path, tmp_path: Path) -> None:
    content = json.loads((whole / "result.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps(content))
    theirs = {**content, "experiment": "torch_deep", "seconds": 3 * content["seconds"]}
    theirs["versions"] = {"torch": "2.13.0"}
    (tmp_path / "b.json").write_text(json.dumps(theirs))
    text = "\n".join(section_module.section(results_in(tmp_path), Figures("figures")))
    assert "PyTorch 2.13.0, in eager mode" in text and "3.0 times as long" in text and "(1 run)" in text
    theirs["machine"]["processor"] = "Another"
    (tmp_path / "b.json").write_text(json.dumps(theirs))
    assert "PyTorch" not in "\n".join(section_module.section(results_in(tmp_path), Figures("figures")))


def test_the_section_draws_accuracy_against_minutes_beside_pytorch(trial: Path, tmp_path: Path) -> None:
    content = json.loads((trial / "result.json").read_text())
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "a.json").write_text(json.dumps(content))
    theirs = {**content, "experiment": "torch_deep", "seconds": 600, "versions": {"torch": "2.13.0"}}
    theirs["result"] = {**content["result"], "validation": {"accuracy": 0.4567, "pictures": 20}}
    for seed, drawn in ((content["settings"]["seed"], True), (77, False)):
        theirs["settings"] = {**content["settings"], "seed": seed}
        (kept / "b.json").write_text(json.dumps(theirs))
        figures = Figures("figures")
        text = "\n".join(section_module.section(results_in(kept), figures))
        assert ("PyTorch 2.13.0 in eager mode 45.7 % after 10 minutes" in text) == drawn
        assert ("figures/generalize-deep-minutes.svg" in figures.files) == drawn


@pytest.mark.parametrize(("published", "gap", "told"), [(False, 0.004, True), (False, 0.02, False), (True, 0, False)])
def test_the_section_says_what_holds_the_accuracy(
    whole: Path, trial: Path, tmp_path: Path, published: bool, gap: float, told: bool
) -> None:
    content = json.loads((whole / "result.json").read_text())
    content["data"]["published"] = published
    (tmp_path / "a.json").write_text(json.dumps(content))
    held_out = json.loads((trial / "result.json").read_text())
    (tmp_path / "b.json").write_text(json.dumps(held_out))
    theirs = {**held_out, "experiment": "torch_deep", "versions": {"torch": "2.13.0"}}
    accuracy = held_out["result"]["validation"]["shifted"] + gap
    theirs["result"] = {"history": held_out["result"]["history"], "validation": {"accuracy": accuracy, "pictures": 20}}
    (tmp_path / "c.json").write_text(json.dumps(theirs))
    text = "\n".join(section_module.section(results_in(tmp_path), Figures("figures")))
    assert ("what holds the accuracy is the images" in text) == told


def test_the_section_without_results(tmp_path: Path) -> None:
    text = "\n".join(section_module.section(results_in(tmp_path), Figures("figures")))
    assert "`python -m examples.experiments.generalize_deep` makes one" in text
