"""What the files of a submission may contain: read, not run.

These rules catch what is done openly, and say so with a line number.  What is hidden from them is stopped when it
runs (`worker.py`).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

# Modules of the standard library that reach beyond the task
FORBIDDEN = {
    "asyncio", "builtins", "code", "concurrent", "ctypes", "faulthandler", "gc", "http", "importlib",
    "inspect", "io", "marshal", "mmap", "multiprocessing", "os", "pathlib", "pickle", "pkgutil", "pty", "resource",
    "runpy", "shelve", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "sysconfig", "tempfile",
    "threading", "urllib", "zipimport",
}  # fmt: skip
NAMES = {"__import__", "breakpoint", "compile", "eval", "exec", "globals", "locals", "open", "vars"}
DUNDERS = {"__init__", "__name__", "__len__", "__call__", "__getitem__", "__version__", "__all__", "__doc__"}


def broken(folder: Path, file: str, packages: Sequence[str]) -> str | None:
    """The first rule that a file breaks, or one of the submission's own files that it imports; a sentence, or None."""
    waiting, seen = [file], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            tree = ast.parse((folder / name).read_bytes(), name)
        except SyntaxError as error:
            return f"{name}, line {error.lineno}: {error.msg}"
        except (ValueError, RecursionError, MemoryError) as error:
            return f"{name} cannot be read: {error}"
        for line, root in _imports(tree):
            if (folder / f"{root}.py").is_file():
                waiting.append(f"{root}.py")
            elif root != "__future__" and (
                root in FORBIDDEN or root.startswith("_") or root not in {*sys.stdlib_module_names, *packages}
            ):
                allowed = ", ".join(package for package in packages if package != "llvmlite")
                return f"{name}, line {line} imports {root}; this task may import {allowed} and your own files"
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in NAMES:
                return f"{name}, line {node.lineno} uses {node.id}, which no task needs"
            if isinstance(node, ast.Attribute) and node.attr.startswith("__") and node.attr not in DUNDERS:
                return f"{name}, line {node.lineno} uses {node.attr}, which no task needs"
    return None


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and package of each import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, (node.module or "").partition(".")[0]


SHORT = 3  # statements; a shorter body is the same in many right answers


def copied(file: Path, solution: Path) -> list[str]:
    """The functions of a file that are the published solution, whatever comments and docstrings say."""
    try:
        own, published = (_bodies(path.read_bytes()) for path in (file, solution))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [name for name, body in own.items() if len(body) >= SHORT and published.get(name) == body]


def _bodies(source: bytes) -> dict[str, list[str]]:
    """The statements of each function, without its docstring."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            first = 1 if ast.get_docstring(node) is not None else 0
            found[node.name] = [ast.dump(statement) for statement in node.body[first:]]
    return found
