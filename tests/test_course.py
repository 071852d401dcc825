"""The course: solutions get all points, empty files none, mistakes their hints, and hostile submissions a sentence."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.course import __main__ as course, rules, worker
from examples.course.folder import MARK, cut, start
from examples.course.grader import Graded, grade_question, grade_task, parts
from examples.course.question import Question
from examples.course.questions import layers, report
from examples.course.remote import Limits, Remote, Stopped, result_of
from examples.course.tasks import HERE, SOLUTIONS, TASKS, Task, find
from tests.course_mutants import COMPILED, MUTANTS, SLIPS, Mutant, Slip
from tests.runs import ROOT

SOME = 8  # drawn calls; solutions are graded with more by the slow test
COURSE = ROOT / "examples" / "course"


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's folder as it is made."""
    folder = tmp_path_factory.mktemp("class") / "student"
    assert start(folder) == ""
    return folder


# ── points ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("task", [t for t in TASKS if t.name != "accelerated"], ids=lambda task: task.name)
def test_a_solution_has_all_points(task: Task) -> None:
    graded = grade_task(task, SOLUTIONS, 0, examples=SOME)
    assert graded.points == graded.most, graded.verdicts


@pytest.mark.slow
def test_solutions_have_all_points_with_many_calls() -> None:
    """Also the speed of the compiled layers."""
    for task in TASKS:
        graded = grade_task(task, SOLUTIONS, 1)
        assert graded.points == graded.most, graded.verdicts


def test_empty_files_have_no_points(student: Path) -> None:
    for task in TASKS:
        graded = grade_task(task, student, 0, examples=SOME)
        assert graded.points == 0
        said = {sentence for v in graded.verdicts for sentence in v.said}
        assert said <= {"Not written yet.", "Not complete: it still says TODO."}, said


def test_a_missing_file_has_no_points(tmp_path: Path) -> None:
    for task in TASKS:
        graded = grade_task(task, tmp_path, 0)
        assert graded.points == 0 and graded.verdicts[0].said == (f"There is no {task.file}.",)
        assert graded.most == sum(points for _, points in parts(task))


def test_the_points_make_a_hundred() -> None:
    assert sum(points for task in TASKS for _, points in parts(task)) == 100


# ── hints ──────────────────────────────────────────────────────────────────────────────


class Direct:
    """Answers calls as a submission's process does, in this process."""

    def __init__(self, file: str, source: str) -> None:
        self.module = types.ModuleType(file.removesuffix(".py"))
        exec(compile(source, file, "exec"), self.module.__dict__)

    def call(self, name: str, *args: Any, how: str = "call", **params: Any) -> Any:
        sent = worker.unpack(worker.pack({"args": list(args), "params": params}))
        call = {"name": name, "how": how, "timed": False, **sent}
        reply: dict[str, Any]
        try:
            reply = worker.answer(self.module, call, None)
        except Exception as error:
            reply = {"error": worker.failure(error, SOLUTIONS)}
        return result_of(name, reply)


@pytest.fixture
def beside_layers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """net.py imports layers.py, which is in its folder."""
    monkeypatch.syspath_prepend(SOLUTIONS)
    yield
    sys.modules.pop("layers", None)


def mutated(mutant: Mutant) -> str:
    source = (SOLUTIONS / mutant.file).read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1, f"{mutant.file} has changed: edit tests/course_mutants.py: {mutant}"
    return source.replace(mutant.old, mutant.new)


def question(mutant: Mutant) -> Question:
    (found,) = (q for q in find(mutant.file).questions if q.name == mutant.function)
    return found


def judge(mutants: list[Mutant], examples: int) -> None:
    """Each mutant loses the points of its function, and nine of ten get the hint that fits."""
    without = []
    for mutant in mutants:
        verdict = grade_question(question(mutant), Direct(mutant.file, mutated(mutant)), 3, examples)[0]
        assert verdict.points == 0, mutant
        assert verdict.said[0].startswith(("The smallest call that fails: ", "This special case fails: ")), mutant
        if verdict.key != mutant.key:
            without.append((mutant, verdict))
        else:
            assert verdict.said[-1].startswith("Hint: ")
    assert len(without) <= len(mutants) / 10, without


@pytest.mark.usefixtures("beside_layers")
def test_some_mistakes_get_their_hints() -> None:
    judge(MUTANTS[::9], 20)


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.usefixtures("beside_layers")
def test_all_mistakes_get_their_hints() -> None:
    judge(MUTANTS, 40)


@pytest.mark.slow
@pytest.mark.rare
def test_mistakes_in_compiled_layers_get_their_hints() -> None:
    judge(COMPILED, 20)


def test_a_hint_and_the_smallest_call() -> None:
    mutant = next(m for m in MUTANTS if m.new == "dw = x.T @ g")
    said = grade_question(question(mutant), Direct(mutant.file, mutated(mutant)), 3, 40)[0].said
    assert re.fullmatch(r"The smallest call that fails: linear_backward\(g=\[\[.*\]\], x=.*, w=.*\)", said[0])
    assert len(said[0]) < 110
    shapes = ("(1, 2), expected (2, 1)", "(2, 1), expected (1, 2)")
    assert said[1] in [f"dw has shape {shape}, that of w." for shape in shapes]
    assert said[2] == "Hint: dw is transposed. w has shape (O, I), so dw = gᵀ x, not xᵀ g."


def test_a_wrong_entry_is_named() -> None:
    mutant = next(m for m in MUTANTS if m.key == "assigned" and m.function == "adagrad")
    said = grade_question(question(mutant), Direct(mutant.file, mutated(mutant)), 3, 40)[0].said
    assert re.fullmatch(r"p is wrong at \[0\]: expected \S+, got \S+\.", said[1])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    return np.where(x > 0, g, 0)", "    g[x <= 0] = 0\n    return g", "relu_backward writes to an array"),
        ("    return np.where(x > 0, g, 0)", "    pass", "relu_backward returns None, expected dx"),
        ("    return np.where(x > 0, g, 0)", "    return 'dx'", "returns a str for dx, expected an array"),
        ("    return np.where(x > 0, g, 0)", "    return x.shape[9]", "raises IndexError: tuple index out of range"),
        ("    return np.where(x > 0, g, 0)", "    return g, x", "returns 2 values, expected dx"),
    ],
)
def test_what_is_no_result(old: str, new: str, words: str) -> None:
    source = (SOLUTIONS / "layers.py").read_text(encoding="utf-8")
    verdict = grade_question(layers.QUESTIONS[1], Direct("layers.py", source.replace(old, new)), 0, SOME)[0]
    assert verdict.points == 0 and words in verdict.said[1]


def test_what_is_right_in_some_calls_only_has_no_points() -> None:
    source = (SOLUTIONS / "layers.py").read_text(encoding="utf-8")
    random = source.replace("return np.maximum(x, 0)", "return np.maximum(x, 0) + np.random.randint(2)")
    for seed in range(5):
        verdict = grade_question(layers.QUESTIONS[0], Direct("layers.py", random), seed, 20)[0]
        assert verdict.points == 0 and verdict.said[0].startswith("The smallest call that fails: relu_forward(x=")


# ── hostile submissions ────────────────────────────────────────────────────────────────

ONE = Task("layers", "one function", "1-layers.md", "layers.py", questions=layers.QUESTIONS[:1])
QUICK = Limits(call=2.0, load=60.0, task=20.0, memory=1 << 28)


def submit(folder: Path, source: str) -> Graded:
    """Grade a layers.py that begins with `import numpy as np`, by one function."""
    (folder / "layers.py").write_text(f"import numpy as np\n{source}")
    return grade_task(ONE, folder, 0, examples=SOME, limits=QUICK)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("from examples.course.solutions.layers import *", "line 2 imports examples; this task may import numpy"),
        ("import torch", "line 2 imports torch"),
        ("import os", "line 2 imports os"),
        ("import _posixsubprocess", "line 2 imports _posixsubprocess"),
        ("import helper", "helper.py, line 1 imports subprocess"),
        ("relu_forward = eval('abs')", "line 2 uses eval"),
        ("relu_forward = np.__builtins__['eval']('abs')", "line 2 uses __builtins__"),
        ("def relu_forward(x:", "layers.py, line 2: "),
    ],
)
def test_what_may_not_be_written(source: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import subprocess")
    graded = submit(tmp_path, source)
    assert graded.points == 0
    assert graded.verdicts[0].said[0].startswith("No points: ") and words in graded.verdicts[0].said[0]


def body(line: str, result: str = "np.maximum(x, 0)") -> str:
    return f"def relu_forward(x):\n    {line}\n    return {result}\n"


SECRET = "/etc/hostname"
ATTACKS = {  # what is tried, and what the student is told; the second line of each file is tried when it runs
    "fork": (body("import os; os.fork()"), "starts another process"),
    "program": (body("import subprocess; subprocess.run(['true'])"), "starts another program"),
    "direct": (body("import _posixsubprocess"), "starts another program"),
    "shell": (body("import os; os.system('true')"), "starts another program"),
    "network": (body("import socket; socket.create_connection(('127.0.0.1', 9))"), "uses the network"),
    "solution": (body("from examples.course.solutions import layers"), "imports examples"),
    "engine": (body("import autograd"), "imports autograd"),
    "reads": (body(f"open({str(SOLUTIONS / 'layers.py')!r}).read()"), "reads the file"),
    "reads elsewhere": (body(f"open({SECRET!r}).read()"), f"reads the file {SECRET}"),
    "hidden": (body("try:\n        import socket; socket.socket()\n    except OSError: pass"), "uses the network"),
    "signal": (body("import os; os.kill(os.getppid(), 0)"), "sends a signal"),
    "library": (body("import ctypes; ctypes.CDLL(None).getpid()"), "calls functions of the system"),
    "limits": (body("import resource; resource.setrlimit(resource.RLIMIT_CPU, (-1, -1))"), "changes its limits"),
    "memory of the grader": (body("import gc; gc.get_objects()"), "looks into the memory"),
    "loop": (body("while True: pass"), "took more than 2 seconds for relu_forward: does a loop never end?"),
    "sleep": (body("import time; time.sleep(60)"), "does a loop never end?"),
    "memory": (body("np.ones(1 << 30)"), "MemoryError"),
    "leaves": (body("import os; os._exit(0)"), "ended its process with status 0 during relu_forward"),
    "exits": (body("raise SystemExit(0)"), "raises SystemExit"),
    "interrupt": (body("raise KeyboardInterrupt"), "raises KeyboardInterrupt"),
    "prints": ("print('relu_forward 1 of 1')\n" + body("print('All points!')", "x"), "y is wrong at"),
    "objects": (body("", "np.array([print], object)"), "it returns "),
    "patches": ("import __main__\n__main__.answer = lambda *_: {'result': np.zeros(3), 'written': False}\n" + body(""),
                "y has shape (3,)"),
    "lies": ("import __main__\n__main__.pack = lambda tree: b'pass'\n" + body(""), "sent an answer that is no array"),
    "floods": (body("import os, struct\n    for k in range(3, 9):\n        try: os.write(k, struct.pack('<Q', 1 << 60))"
                    "\n        except OSError: pass"), "sent an answer that cannot be read"),
    "forges": (body("import __main__, os\n    forged = __main__.pack({'result': x, 'written': False})\n"
                    "    for k in range(3, 9):\n        try: os.write(k, __main__.LENGTH.pack(len(forged)) + forged)\n"
                    "        except OSError: pass"), "The smallest call that fails"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_gets_a_sentence_and_no_points(attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rules for what may be written, which would stop most of these earlier."""
    monkeypatch.setattr(rules, "broken", lambda *_: None)
    source, words = ATTACKS[attack]
    graded = submit(tmp_path, source)
    assert graded.points == 0
    assert words in " ".join(graded.verdicts[0].said), graded


def test_files_are_written_in_the_private_folder_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "broken", lambda *_: None)
    outside = tmp_path / "outside.txt"
    assert submit(tmp_path, body(f"open({str(outside)!r}, 'w')")).points == 0
    assert submit(tmp_path, body(f"import os; os.remove({str(tmp_path / 'layers.py')!r})")).points == 0
    assert sorted(os.listdir(tmp_path)) == ["layers.py"]
    assert submit(tmp_path, body("open('inside.txt', 'w').write('x')")).points == 1
    assert sorted(os.listdir(tmp_path)) == ["layers.py"]
    large = submit(tmp_path, body("with open('inside.txt', 'wb') as file: file.write(bytes(1 << 22))"))
    assert large.points == 0 and "File too large" in " ".join(large.verdicts[0].said)


def test_there_is_no_network(tmp_path: Path) -> None:
    """Where the system lets a process leave it; elsewhere the audit hook alone refuses sockets."""
    read = "[line.split(':')[0].strip() for line in open('/proc/self/net/dev') if ':' in line]"
    (tmp_path / "layers.py").write_text(f"def interfaces(): return {read}")
    probe = ["unshare", "--user", "--net", "true"]
    can = sys.platform == "linux" and subprocess.run(probe, capture_output=True).returncode == 0
    if can:
        with Remote(tmp_path, "layers", ("numpy",), QUICK) as remote:
            assert set(remote.call("interfaces")) == {"lo"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "layers.py").symlink_to(SOLUTIONS / "layers.py")
    assert grade_task(ONE, tmp_path, 0).points == 0


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text(body("").replace("np.maximum(x, 0)", "x"))
    with Remote(tmp_path, "layers", ("numpy",), QUICK) as remote:
        private, process = remote.private, remote._process
        assert remote.call("relu_forward", np.ones(2)).tolist() == [1, 1]
        assert private.stat().st_mode & 0o077 == 0
    assert not private.exists() and process.poll() is not None
    with pytest.raises(Stopped, match="cannot be loaded: ModuleNotFoundError"):
        Remote(tmp_path, "other", ("numpy",), QUICK)


@pytest.mark.parametrize(
    "message",
    [b"", b"\0" * 7, worker.LENGTH.pack(1 << 63), worker.pack({"a": 1})[:-1], worker.LENGTH.pack(2) + b"[]" + b"x",
     worker.LENGTH.pack(14) + b'{"array": 1e9}', worker.LENGTH.pack(12) + b'{"array": 0}'],
)  # fmt: skip
def test_a_damaged_message(message: bytes) -> None:
    with pytest.raises(worker.BadMessage):
        worker.unpack(message)


def test_an_array_of_objects_is_not_unpickled() -> None:
    trap = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(128) + b"\x80\x04."
    head = b'{"array": 0}'
    message = worker.LENGTH.pack(len(head)) + head + worker.LENGTH.pack(len(trap)) + trap
    with pytest.raises(worker.BadMessage):
        worker.unpack(message)


def test_messages_keep_what_is_sent() -> None:
    tree = {"a": [1, 2.5, None, True, "x"], "b": (np.arange(6).reshape(2, 3), {"c": np.float32(1)}), "n": float("inf")}
    again = worker.unpack(worker.pack(tree))
    assert again["a"] == tree["a"] and again["n"] == tree["n"] and again["b"][1]["c"].dtype == np.float32
    np.testing.assert_array_equal(again["b"][0], np.arange(6).reshape(2, 3))


# ── the folder ─────────────────────────────────────────────────────────────────────────


def test_start(student: Path) -> None:
    names = {"README.md", ".gitignore", ".git", "tasks", *(task.file for task in TASKS)}
    assert set(os.listdir(student)) == names
    assert sorted(os.listdir(student / "tasks")) == [task.page for task in TASKS]
    assert len((student / "README.md").read_text().splitlines()) <= 10
    log = subprocess.run(["git", "status", "--short"], cwd=student, capture_output=True, text=True, check=True)
    assert log.stdout == ""
    assert not [p for p in student.parent.iterdir() if p != student]


def test_no_answer_is_left_in_a_students_file(student: Path) -> None:
    for task in TASKS:
        solution, made = ((folder / task.file).read_text() for folder in (SOLUTIONS, student))
        assert MARK not in made and made.count("TODO") == solution.count(MARK)
        if task.questions:
            assert made.count("raise NotImplementedError") == made.count("TODO") == made.count("\ndef ")


def test_cut() -> None:
    made = cut("def f(x):\n    a = 1\n    # SOLUTION: add\n    if x:\n        a += 1\n\n    return a\n\n\nb = 2\n")
    assert made == 'def f(x):\n    a = 1\n    # TODO: add\n    raise NotImplementedError("f")\n\n\nb = 2\n'


def test_start_changes_nothing_that_is_there(student: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(student.rglob("*"))
    assert course.main(["start", str(student)]) == 1
    assert "exists and is not empty; nothing was changed" in capsys.readouterr().err
    assert sorted(student.rglob("*")) == before


# ── the command line ───────────────────────────────────────────────────────────────────


def test_check(student: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert course.main(["check", str(student), "7"]) == 1
    shutil.copyfile(SOLUTIONS / "report.md", student / "report.md")
    shutil.copytree(SOLUTIONS / "results", student / "results")
    assert course.main(["check", str(student), "report"]) == 0
    said = capsys.readouterr().out
    assert "7. The report                   ####################  10 of  10" in said
    assert "1. Layers, forward and backward .................... not checked yet" in said
    assert said.splitlines()[-1].split() == ["total", "10", "of", "100"]
    assert max(map(len, said.splitlines())) < 80
    assert course.main(["check", str(student), "8"]) == 1
    assert "There is no task '8'. The tasks are layers, net," in capsys.readouterr().err
    assert course.main(["check", str(student / "nowhere")]) == 1
    assert "Make one: python -m examples.course start" in capsys.readouterr().err


def test_a_report_of_one_word_is_not_complete() -> None:
    text = (SOLUTIONS / "report.md").read_text(encoding="utf-8")
    assert not any(section.missing[0] for section in report.sections(text).values())
    padded = re.sub(r"-->\n.*?(?=^## |\Z)", "-->\n" + "words 1 " * 60 + "\n", text, flags=re.M | re.S)
    assert all(section.missing[1] == "repeats" for section in report.sections(padded).values())
    short = re.sub(r"-->\n.*?(?=^## |\Z)", "-->\nFive words, and one number: 1.\n", text, flags=re.M | re.S)
    assert all(section.missing[1] == "short" for section in report.sections(short).values())
    without = re.sub(r"\d", "", re.sub(r"^## ", "## 1", text, flags=re.M))
    assert all(section.missing[1] == "no number" for section in report.sections(without).values())


def handed_in(folder: Path, *slips: Slip) -> Graded:
    """The grade of the solution's report with some edits."""
    shutil.copytree(SOLUTIONS / "results", folder / "results")
    shutil.copyfile(SOLUTIONS / "report.md", folder / "report.md")
    for slip in slips:
        text = (folder / slip.file).read_text(encoding="utf-8")
        for old, new in slip.edits:
            assert old in text, f"{slip.file} has changed: edit tests/course_mutants.py: {slip}"
            text = text.replace(old, new)
        (folder / slip.file).write_text(text, encoding="utf-8")
    return grade_task(find("report"), folder, 0)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.question} {slip.key}")
def test_slips_of_a_report_get_their_hints(slip: Slip, tmp_path: Path) -> None:
    lost = [(number, v) for number, v in enumerate(handed_in(tmp_path, slip).verdicts, 1) if not v.points]
    assert [(number, v.key) for number, v in lost] == [(slip.question, slip.key)], lost
    (said,) = lost[0][1].said
    assert said.startswith("Not complete: ") and said[-1] in ".?"


def test_a_published_result_is_not_a_students(tmp_path: Path) -> None:
    published = json.loads((ROOT / "docs" / "runs" / "overfit.json").read_text(encoding="utf-8"))["when"]
    when = json.loads((SOLUTIONS / "results" / "overfit.json").read_text(encoding="utf-8"))["when"]
    graded = handed_in(tmp_path, Slip(2, "", "results/overfit.json", ((when, published),)))
    assert [v.key for v in graded.verdicts if not v.points] == ["published"]


def test_a_result_behind_a_link_is_not_read(tmp_path: Path) -> None:
    graded = handed_in(tmp_path)
    assert graded.points == graded.most, graded.verdicts
    (tmp_path / "results" / "overfit.json").unlink()
    (tmp_path / "results" / "overfit.json").symlink_to(SOLUTIONS / "results" / "overfit.json")
    assert [v.key for v in grade_task(find("report"), tmp_path, 0).verdicts if not v.points] == ["no file"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in version 2.13.0 of 2026", ["2026"]),
        ("6.1e-13, and 12,763 images; 0.023 ms", [6.1e-13, 12763, 2.3e-5]),
        ("64 images, 2 cores, 100 epochs, 5 percent", []),
        ("63.8 percent, 18 points, 3.5s", [0.638, 0.18, 3.5]),
    ],
)
def test_which_numbers_look_measured(text: str, found: list[Any]) -> None:
    assert [n.value for n in report.measured(text)] == pytest.approx([float(x) for x in found])


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """Two students, who have done the optimizers only: rightly, and not at all."""
    for name, source in (("ada", SOLUTIONS / "optimizers.py"), ("bob", None)):
        (tmp_path / "class" / name).mkdir(parents=True)
        text = source.read_text(encoding="utf-8") if source else "import socket\n"
        (tmp_path / "class" / name / "optimizers.py").write_text(text, encoding="utf-8")
    return tmp_path


def rows(file: Path) -> dict[str, dict[str, str]]:
    with file.open(newline="") as lines:
        return {row["student"]: row for row in csv.DictReader(lines)}


def test_grade(school: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = school / "grades"
    assert course.main(["grade", str(school / "class"), "--out", str(out), "--examples", "5"]) == 0
    graded = rows(out / "grades.csv")
    assert list(graded) == ["ada", "bob"]
    assert (graded["ada"]["optimizers"], graded["ada"]["total"], graded["ada"]["of"]) == ("15", "15", "100")
    assert "optimizers.py has the published solution of adam" in graded["ada"]["remarks"]
    assert graded["bob"]["total"] == "0" and "line 1 imports socket" in graded["bob"]["remarks"]
    said = capsys.readouterr().out
    for name, row in graded.items():
        page = (out / f"{name}.md").read_text()
        assert f"seed {row['seed']}" in page and f"seed {row['seed']}" in said
    assert graded["ada"]["seed"] != graded["bob"]["seed"]
    assert "- adam: 7 of 7" in (out / "ada.md").read_text()


def test_grade_one_after_the_other(school: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the elements of an array do, in any order."""
    out = school / "grades"
    for element, there in (("2", ["bob"]), ("1", ["ada", "bob"])):
        options = ["--out", str(out), "--element", element, "--examples", "5", "--seed", "3"]
        assert course.main(["grade", str(school / "class"), *options]) == 0
        assert list(rows(out / "grades.csv")) == there
    assert course.main(["grade", str(school / "class"), "--out", str(out), "--element", "3"]) == 1
    assert "There is no submission 3" in capsys.readouterr().err
    assert course.main(["grade", str(school / "class" / "ada"), "--out", str(out)]) == 1
    assert "has to have a folder for each student" in capsys.readouterr().err


def test_the_seed_decides_what_is_drawn() -> None:
    def calls(seed: int) -> list[str]:
        seen: list[str] = []

        class Watched(Direct):
            def call(self, name: str, *args: Any, how: str = "call", **params: Any) -> Any:
                seen.append(repr(args))
                return super().call(name, *args, how=how, **params)

        watched = Watched("layers.py", (SOLUTIONS / "layers.py").read_text(encoding="utf-8"))
        grade_question(layers.QUESTIONS[2], watched, seed, SOME)
        return seen

    assert calls(1) == calls(1) != calls(2)


# ── the pages ──────────────────────────────────────────────────────────────────────────


def test_pages() -> None:
    guide = (HERE / "README.md").read_text(encoding="utf-8")
    for number, task in enumerate(TASKS, 1):
        page = (HERE / task.page).read_text(encoding="utf-8")
        most = sum(points for _, points in parts(task))
        assert page.startswith(f"# {number}. {task.title}\n")
        assert f"`{task.file}`" in page and f"**{most} points**" in page
        assert f"| {number} | [{task.title}]({task.page}) | {most} |" in guide
        for name, points in parts(task) if task.questions else ():
            assert f"| `{name.removesuffix(', speed')}`{', speed' * name.endswith('speed')} | {points} |" in page, name
    for file in (*(HERE / task.page for task in TASKS), HERE / "README.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8")):
            assert "://" in link or (file.parent / link).exists(), f"{file.name}: {link}"
