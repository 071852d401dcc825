"""Writes docs/compatibility.md: which public names of PyTorch lucidgrad has.  Run it where PyTorch is installed:

python docs/compatibility.py
"""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from autograd import torch_names  # noqa: E402

MODULES = [
    *("torch", "torch.Tensor", "torch.autograd", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.utils"),
    *("torch.nn.utils.rnn", "torch.nn.utils.parametrize", "torch.nn.utils.parametrizations"),
    *("torch.optim", "torch.optim.lr_scheduler", "torch.utils.data", "torch.utils.checkpoint", "torch.distributions"),
    *("torch.linalg", "torch.fft", "torch.special", "torch.func", "torch.random", "torch.amp", "torch.cuda"),
    *("torch.backends", "torch.backends.cudnn", "torch.backends.mps"),
]
# What a name that is there does not do.
LIMITS = {
    "torch.Tensor.cuda": "there is no GPU",
    "torch.dtype": "dtypes are NumPy's, and print as float32 without the prefix torch",
    "torch.device": "only the CPU",
}


def names_of(module: str) -> tuple[Any, list[str]]:
    """The object of PyTorch's with this name, and its public names."""
    if module == "torch.Tensor":
        holder: Any = torch.Tensor
        names = dir(holder)
    else:
        holder = importlib.import_module(module)
        names = getattr(holder, "__all__", None) or dir(holder)
    return holder, sorted({name for name in names if _counts(module, holder, name)})


def _counts(module: str, holder: Any, name: str) -> bool:
    if name.startswith("_") or not hasattr(holder, name):
        return False
    value = inspect.getattr_static(holder, name)
    if isinstance(value, ModuleType):
        return False
    # Names that a module has only because it imports them from elsewhere.
    home = getattr(value, "__module__", None) or "torch"
    return isinstance(home, str) and home.partition(".")[0] == "torch" and type(value).__name__ != "_SpecialForm"


def ours(module: str, name: str) -> Any:
    """What lucidgrad has of this name; KeyError if nothing."""
    if module != "torch.Tensor":
        return torch_names.find(module, name)
    tensor = torch_names.find("torch", "Tensor")
    try:
        return inspect.getattr_static(tensor, name)
    except AttributeError:
        raise KeyError(name) from None


def absent_arguments(theirs: Any, found: Any) -> list[str]:
    """Arguments that PyTorch's has and ours has not; none where a signature is unknown."""
    try:
        wanted, given = (inspect.signature(f).parameters for f in (theirs, found))
    except (TypeError, ValueError):
        return []
    if any(p.kind is p.VAR_KEYWORD for p in given.values()):
        return []
    named = [n for n, p in wanted.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return [n for n in named if n not in given and n != "self" and not n.startswith("_")]


def page() -> str:
    sections, table, all_have, all_count = [], [], 0, 0
    for module in MODULES:
        try:
            holder, names = names_of(module)
        except ModuleNotFoundError:
            continue
        have, limited, absent = [], [], []
        for name in names:
            full = f"{module}.{name}"
            try:
                found = ours(module, name)
            except KeyError:
                absent.append(name)
                continue
            lacks = absent_arguments(getattr(holder, name), found)
            limit = LIMITS.get(full) or (lacks and f"without {', '.join(lacks)}")
            if limit:
                limited.append(f"`{name}` ({limit})")
            else:
                have.append(name)
        there = len(have) + len(limited)
        all_have, all_count = all_have + there, all_count + len(names)
        table.append(
            f"| [`{module}`](#{module.lower().replace('.', '')}) | {len(have)} | {len(limited)} | {len(absent)} |"
        )
        instead: dict[str, list[str]] = {}
        for name in absent:
            advice = torch_names.mend(f"{module}.{name}")
            instead.setdefault(advice, []).append(name)
        lines = [f"## {module}", ""]
        lines += [f"**Has:** {', '.join(f'`{n}`' for n in have)}", ""] if have else []
        lines += [f"**Has with limits:** {', '.join(limited)}", ""] if limited else []
        for advice, group in instead.items():
            what = "" if advice == torch_names.mend("") else f" ({advice})"
            lines += [f"**Has not{what}:** {', '.join(f'`{n}`' for n in group)}", ""]
        sections.append("\n".join(lines))
    mends = [f"| `{name}` | {advice} |" for name, advice in sorted(torch_names.MENDS.items()) if not _there(name)]
    version = torch_names.VERSION.partition("+")[0]
    return (
        "\n".join(
            [
                "# Compatibility with PyTorch",
                "",
                "Written by `docs/compatibility.py`; change it there. How to run a program that says `import torch`: "
                "`python -m autograd.as_torch script.py`.",
                "",
                f"Of {all_count:,} public names of PyTorch {version} in the modules below, lucidgrad has {all_have:,}.",
                "",
                "| module | has | has with limits | has not |",
                "|---|---|---|---|",
                *table,
                "",
                "## What to use instead",
                "",
                "| not in lucidgrad | instead |",
                "|---|---|",
                *mends,
                "",
                *sections,
            ]
        ).rstrip()
        + "\n"
    )


def _there(name: str) -> bool:
    module, _, last = name.rpartition(".")
    try:
        torch_names.find(module, last)
    except KeyError:
        return torch_names.source(name) is not None
    return True


if __name__ == "__main__":
    (ROOT / "docs" / "compatibility.md").write_text(page(), encoding="utf-8")
