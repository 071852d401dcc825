"""`compare_optimizers`: trials, the choice of rates, resuming run by run, and the section."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from examples.experiments import compare_optimizers
from examples.experiments.compare_optimizers import METHODS, RATES, Outcome, Run, best_rates, main
from examples.experiments.support.optimizers import OPTIMIZERS
from examples.experiments.support.runs import results
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested
from examples.report.page import Figures, Results
from examples.report.sections import compare_optimizers as section_module
from tests.runs import ROOT, results_in

TINY = ["--synthetic", "--limit", "60", "--validation", "20", "--batch-size", "20", "--quiet"]
GRID = ["--rates", "0.001", "0.01", "--trial-epochs", "1", "--epochs", "2", "--seeds", "2"]


def run(*argv: str, out: Path) -> int:
    return main([*TINY, *GRID, *argv, "--out", str(out)])


def result(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "result.json").read_text())["result"])


def numbers(found: dict[str, Any]) -> dict[str, Any]:
    """A result without the times."""
    for run in (*found["trials"], *found["runs"]):
        for row in run["history"]:
            del row["seconds"], row["images_per_second"]
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "compare_optimizers"
    assert run(out=out) == 0
    return out


@pytest.fixture
def two_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only two of the methods: enough to see how runs follow each other."""
    for name in list(METHODS)[2:]:
        monkeypatch.delitem(METHODS, name)


# What is run


@pytest.mark.slow
@pytest.mark.parallel
def test_what_a_comparison_leaves(whole: Path) -> None:
    found = result(whole)
    names = ["SGD", "momentum", "Nesterov", "Adagrad", "RMSprop", "Adam", "AdamW", "Muon", "Lookahead"]
    assert list(found["methods"]) == list(found["best"]) == names
    assert [(t["method"], t["rate"]) for t in found["trials"]] == [(n, r) for n in names for r in (0.001, 0.01)]
    assert [(r["method"], r["rate"], r["seed"]) for r in found["runs"]] == [
        (n, found["best"][n], seed) for n in names for seed in (0, 1)
    ]
    assert all("test_loss" not in t["history"][-1] and len(t["history"]) == 1 for t in found["trials"])
    assert all("test_error" in r["history"][-1] for r in found["runs"])
    assert {(r["method"], len(r["history"])) for r in found["runs"]} == {(n, 1 if n == "Muon" else 2) for n in names}
    losses = {r["method"]: r["history"][-1]["train_loss"] for r in found["runs"] if r["seed"] == 0}
    assert losses.pop("Lookahead") == losses["Nesterov"] or found["best"]["Lookahead"] != found["best"]["Nesterov"]
    assert len(set(losses.values())) == len(names) - 1  # Lookahead's slow weights first move in the fifth step
    assert (whole / "history.csv").read_text().count("\n") == 1 + 2 * 2 * len(names) - 2
    flops = found["flops"]
    assert {n for n in names if flops[n] != flops["SGD"]} == {"Muon"}
    hidden = 5 * (4 * 100**2 * 5408 + 2 * 100**3) + 5 * (
        4 * 32**2 * 147 + 2 * 32**3
    )  # of the linear layer, the filters
    assert flops["Muon"] - flops["SGD"] == 2 * hidden  # 40 images are two steps
    assert (whole / "curves.png").stat().st_size > 1000


@pytest.mark.slow
@pytest.mark.parallel
def test_which_decay_and_which_have_momentum(whole: Path) -> None:
    for name in METHODS:
        (folder,) = (whole / "trials").glob(f"{name}-0.01")
        settings = json.loads((folder / "settings.json").read_text())["settings"]
        assert settings["weight_decay"] == (0.01 if name in ("AdamW", "Muon") else 0)
        momenta = {"momentum": 0.9, "Nesterov": 0.9, "Lookahead": 0.9, "Muon": 0.95}
        assert settings["momentum"] == momenta.get(name, 0)
        assert settings["lr"] == 0.01


def test_the_best_rate_has_the_lowest_validation_error_and_of_equals_the_lower_loss() -> None:
    def trial(method: str, rate: float, *rows: tuple[float, float]) -> tuple[Run, Outcome]:
        history = [{"validation_error": error, "validation_loss": loss} for error, loss in rows]
        return Run(method, rate, 0, Path()), Outcome(history, None if rows else "infinite")

    trials = [
        trial("SGD", 0.1, (0.1, 0.1), (0.5, 1.0)),
        trial("SGD", 0.01, (0.9, 9.0), (0.4, 1.2)),
        trial("SGD", 0.03, (0.9, 9.0), (0.4, 1.1)),
        trial("Adam", 0.1),
        trial("Adam", 0.01, (0.7, 2.0)),
        trial("AdamW", 0.1),
    ]
    assert best_rates(dict(trials)) == {"SGD": 0.03, "Adam": 0.01}


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.usefixtures("two_methods")
def test_stopped_again_and_again_it_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(out=tmp_path / "whole") == 0
    sessions = 0
    status = 130
    while status == 130:
        left = iter(range(11))

        def check(stop: StopOnSignal, left: Any = left) -> None:
            if next(left, None) is None:
                raise StopRequested(signal.SIGINT)

        with monkeypatch.context() as patch:
            patch.setattr(StopOnSignal, "check", check)
            status = run("--resume", out=tmp_path / "parts")
        sessions += 1
    assert status == 0
    assert sessions > 3
    assert numbers(result(tmp_path / "parts")) == numbers(result(tmp_path / "whole"))


@pytest.mark.usefixtures("two_methods")
def test_a_stop_says_how_to_resume_the_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(stop: StopOnSignal) -> None:
        raise StopRequested(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(StopOnSignal, "check", check)
        assert run(out=tmp_path / "c") == 143
        assert (
            f"-m examples.experiments.compare_optimizers --resume --out {tmp_path / 'c'}\n" in capsys.readouterr().err
        )
        assert run("--trial", "2", out=tmp_path / "d") == 143
        assert f" --resume --out {tmp_path / 'd'} --trial 2\n" in capsys.readouterr().err
    assert main(["--resume", "--quiet", "--out", str(tmp_path / "c")]) == 0  # with the settings of the first session
    assert len(result(tmp_path / "c")["trials"]) == 4


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.usefixtures("two_methods")
def test_trials_apart_then_collected_are_the_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(out=tmp_path / "whole") == 0
    for trial in (4, 1, 3):
        assert run("--trial", str(trial), "--resume", out=tmp_path / "parts") == 0
    assert sorted(os.listdir(tmp_path / "parts")) == ["trials"]
    assert run("--collect", out=tmp_path / "parts") == 1
    assert "1 of 4 trials are not finished: 2." in capsys.readouterr().err
    assert run("--trial", "2", "--resume", out=tmp_path / "parts") == 0
    assert "SGD        rate 0.01" in capsys.readouterr().out
    assert run("--collect", out=tmp_path / "parts") == 0
    assert numbers(result(tmp_path / "parts")) == numbers(result(tmp_path / "whole"))


@pytest.mark.usefixtures("two_methods")
def test_the_other_network(tmp_path: Path) -> None:
    grid = ["--net", "three_layers", "--rates", "0.01", "--trial-epochs", "1", "--epochs", "1", "--seeds", "1"]
    assert main([*TINY, *grid, "--out", str(tmp_path)]) == 0
    assert result(tmp_path)["net"] == "three_layers"
    weights = (tmp_path / "trials" / "SGD-0.01" / "weights.safetensors").read_bytes()
    assert b"layers.norm2.weight" in weights  # which the baseline does not have


@pytest.mark.usefixtures("two_methods")
def test_a_rate_that_diverges_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = ["--rates", "0.01", "1e30", "--trial-epochs", "1", "--epochs", "1", "--seeds", "1"]
    assert main([*TINY, *grid, "--out", str(tmp_path)]) == 0
    found = result(tmp_path)
    failed = {(t["method"], t["rate"]) for t in found["trials"] if t["not_finite"]}
    assert failed == {("SGD", 1e30), ("momentum", 1e30)}
    assert found["best"] == {"SGD": 0.01, "momentum": 0.01}
    done: list[Any] = []
    monkeypatch.setattr(compare_optimizers, "write_whole", lambda *arguments: done.append(arguments))
    assert main(["--resume", "--quiet", "--out", str(tmp_path)]) == 0
    assert not done  # no second attempt


@pytest.mark.usefixtures("two_methods")
def test_what_diverged_once_is_tried_anew_by_a_new_comparison(tmp_path: Path) -> None:
    note = tmp_path / "trials" / "SGD-0.01" / compare_optimizers.NOTE
    note.parent.mkdir(parents=True)
    note.write_text("The loss became inf.\n")
    grid = ["--rates", "0.01", "--trial-epochs", "1", "--epochs", "1", "--seeds", "1"]
    assert main([*TINY, *grid, "--out", str(tmp_path)]) == 0
    assert not note.exists()
    assert [trial["not_finite"] for trial in result(tmp_path)["trials"]] == [None, None]


# Bad input


@pytest.mark.usefixtures("two_methods")
@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--trial", "5"], "--trial 5: there are 4 trials, 2 optimizers x --rates"),
        (["--trial", "1", "--collect"], "not allowed with argument"),
        (["--validation", "0"], "--validation 0 leaves no images for choosing the learning rates"),
        (["--lr", "0.1"], "unrecognized arguments: --lr"),
    ],
)
def test_bad_arguments(argv: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*argv, out=tmp_path)
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parallel
def test_a_folder_that_holds_a_comparison(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(out=whole) == 1
    assert "already contains a run. Continue it with --resume" in capsys.readouterr().err
    assert run("--resume", "--seed", "9", out=whole) == 1
    assert "seed 0, not 9" in capsys.readouterr().err


# The section


def history(errors: list[float], seconds: float) -> list[dict[str, float]]:
    return [
        {
            "epoch": i + 1,
            "train_loss": 2 * error,
            "train_error": error - 0.1,
            "validation_loss": error,
            "validation_error": error,
            "test_loss": error,
            "test_error": error + 0.01,
            "seconds": seconds,
        }
        for i, error in enumerate(errors)
    ]


def record(folder: Path, runs: dict[str, list[list[dict[str, float]]]], rates: list[float]) -> Results:
    """A result in the format of the script; every method is best at 0.01."""
    methods = {name: method._asdict() for name, method in METHODS.items()}
    trials = [
        {
            "method": m,
            "rate": rate,
            "seed": 0,
            "not_finite": None,
            "history": history([0.9, 0.6 + abs(rate - 0.01)], 1.0),
        }
        for m in runs
        for rate in rates
    ]
    done = [
        {"method": m, "rate": 0.01, "seed": i, "not_finite": None, "history": h}
        for m, all_seeds in runs.items()
        for i, h in enumerate(all_seeds)
    ]
    flops = {name: 2.0 if name == "Muon" else 1.0 for name in METHODS}
    found = {
        "net": "baseline",
        "flops": flops,
        "methods": methods,
        "trials": trials,
        "best": dict.fromkeys(runs, 0.01),
        "runs": done,
    }
    settings = {"batch_size": 64, "rates": rates, "validation": 5000, "trial_epochs": 2, "epochs": 3, "seeds": 2}
    folder.mkdir()
    path = results.write(folder, "compare_optimizers", found, settings=settings, seconds=1.0)
    path.rename(folder / "a.json")
    return results_in(folder)


def test_the_discussion_follows_from_the_numbers(tmp_path: Path) -> None:
    runs = {
        "SGD": [history([0.6, 0.5, 0.45], 4.0), history([0.62, 0.52, 0.47], 4.0)],
        "momentum": [history([0.5, 0.42, 0.40], 5.0), history([0.5, 0.42, 0.38], 5.0)],
        "Nesterov": [history([0.52, 0.39, 0.41], 5.0), history([0.52, 0.39, 0.39], 5.0)],
    }
    figures = Figures("figures")
    text = "\n\n".join(section_module.section(record(tmp_path / "kept", runs, [0.001, 0.01, 0.1]), figures))
    assert "**momentum has the lowest test error, 40.0 ± 1.4 %**" in text
    assert "Nesterov is second (41.0 ± 1.4 %), 1.0 points behind, within the variation between seeds" in text
    assert "SGD is last (47.0 ± 1.4 %)" in text
    assert "halfway Nesterov (45.5 %, 0.5 points ahead of momentum)" in text
    assert "at the end momentum (39.0 %, 1.0 points ahead of Nesterov)" in text
    assert "momentum fits the training images best (loss 0.780); it also has the lowest test error" in text
    assert "momentum lowers the error of SGD by 7.0 points; Nesterov's variant raises that of momentum by 1.0." in text
    assert "a validation error of 46.0 %, which all reach: momentum 10 s, Nesterov 10 s, SGD 12 s." in text
    assert "from 4.0 s (SGD) to 5.0 s (momentum)" in text
    assert "end of the grid" not in text
    assert "| momentum | 0.01 | 0.780 ± 0.028 | 29.0 ± 1.4 | 39.0 ± 1.4 | 40.0 ± 1.4 | 5.0 |" in text
    assert {"figures/optimizers.svg", "figures/optimizers-rates.png"} <= set(figures.files)


def test_a_clear_lead_and_a_rate_at_the_grids_end(tmp_path: Path) -> None:
    runs = {"Adam": [history([0.40], 4.0), history([0.41], 4.0)], "AdamW": [history([0.5], 4.0), history([0.51], 4.0)]}
    text = "\n\n".join(section_module.section(record(tmp_path / "kept", runs, [0.01, 0.1]), Figures("figures")))
    assert "AdamW is second (51.5 ± 0.7 %), 10.0 points behind, more than the variation between seeds explains" in text
    assert "The best rate is at the end of the grid for Adam and AdamW" in text


def test_the_section_without_results_or_with_a_single_method(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert section_module.section(results_in(tmp_path / "none"), Figures("figures")) == [
        "There is no result yet; `python -m examples.experiments.compare_optimizers` makes one."
    ]
    text = "\n".join(
        section_module.section(record(tmp_path / "one", {"SGD": [history([0.5], 1.0)]}, [0.01]), Figures("figures"))
    )
    assert "**SGD has the lowest test error, 51.0 %**." in text


def test_methods_with_fewer_epochs_are_compared_by_arithmetic(tmp_path: Path) -> None:
    runs = {
        "AdamW": [history([0.6, 0.5, 0.45, 0.4], 4.0)],
        "Nesterov": [history([0.6, 0.5, 0.46, 0.42], 4.0), history([0.6, 0.5, 0.46, 0.42], 4.0)],
        "Muon": [history([0.5, 0.38], 9.0)],
        "Lookahead": [history([0.6, 0.5, 0.46, 0.43], 4.0), history([0.6, 0.5, 0.46, 0.44], 4.0)],
    }
    text = "\n\n".join(section_module.section(record(tmp_path / "kept", runs, [0.01]), Figures("figures")))
    assert "Its rate was chosen after" not in text
    content = json.loads((tmp_path / "kept" / "a.json").read_text())
    for trial in content["result"]["trials"]:
        if trial["method"] == "Muon":
            del trial["history"][1:]
    (tmp_path / "kept" / "a.json").write_text(json.dumps(content))
    text = "\n\n".join(section_module.section(results_in(tmp_path / "kept"), Figures("figures")))
    assert "times their arithmetic. Its rate was chosen after 1 epoch." in text
    assert "An epoch with Muon, which multiplies matrices in each step, takes 2.00 times as much arithmetic" in text
    assert "halfway AdamW (50.0 %, 0.0 points ahead of" in text
    assert "With Muon the test error is 2.0 points below AdamW's, which may be chance with one seed. Where" in text
    assert "Where Muon has done the others' arithmetic, between two epochs, it is 45.0 %." in text
    assert "With Lookahead the test error is 1.5 points above Nesterov's, more than the variation" in text
    assert (
        "a validation error of 43.5 %, which all reach: AdamW 16 s, Nesterov 16 s, Lookahead 16 s, Muon 18 s." in text
    )


@pytest.mark.slow
@pytest.mark.parallel
def test_the_section_of_a_real_comparison(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.json").write_bytes((whole / "result.json").read_bytes())
    text = "\n\n".join(section_module.section(results_in(tmp_path / "kept"), Figures("figures")))
    assert all(f"| {name} |" in text for name in METHODS)


def test_every_optimizer_can_be_named() -> None:
    unknown = {method.optimizer for method in METHODS.values()} - set(OPTIMIZERS)
    assert not unknown, f"add to OPTIMIZERS of examples/experiments/support/optimizers.py: {', '.join(sorted(unknown))}"


def test_the_job_array_has_an_element_for_every_trial() -> None:
    script = (ROOT / "lsf" / "compare_optimizers.lsf").read_text()
    assert f'#BSUB -J "compare_optimizers[1-{len(METHODS) * len(RATES)}]"' in script
