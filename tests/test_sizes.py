"""Modules have at most 300 lines and functions at most 50, docstrings not counted; class names are used once."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULE_LINES, FUNCTION_LINES = 300, 50

KERNELS = {"models/wavenet/numba_kernel.py"}
"""Modules that numba compiles as a whole."""

LONG_MODULES = {"models/release.py"}

LONG_TESTS = {
    "tests/cli/web/test_page.py",
    "tests/codec/evaluation/page/test_page.py",
    "tests/codec/evaluation/test_running.py",
}
"""Modules of tests that share slow fixtures."""

LONG_FUNCTIONS = {
    "cli/encode.py: command",
    "models/wavenet/numba_kernel.py: _sample",
    "codec/bits/reader.py: _numbered",
    "codec/evaluation/running.py: evaluate",
    "cli/evaluate.py: command",
    "cli/live.py: command",
    "cli/receive.py: command",
    "cli/send.py: command",
    "cli/web/patience.py: patient_protocol",
}

TWINS = {"ResidualBlock", "Upsample"}
"""The same layer in torch and in numpy."""

SOURCES = sorted(path for folder in ("codec", "models", "cli", "sottovoce") for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name)
def test_modules_are_short(path: Path):
    if name(path) not in KERNELS | LONG_MODULES | LONG_TESTS:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring and decorators."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    header = function.body[0].lineno - function.lineno
    return header + (function.end_lineno or 0) - first.lineno + 1


def test_functions_are_short():
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > FUNCTION_LINES:
                found.append((f"{name(path)}: {node.name}", length(node)))
    assert not [one for one in found if one[0] not in LONG_FUNCTIONS]


def test_class_names_are_used_once():
    places = defaultdict(list)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name(path))
    assert not {title: where for title, where in places.items() if len(where) > 1 and title not in TWINS}
