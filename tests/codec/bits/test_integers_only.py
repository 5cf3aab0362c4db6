"""The file must mean the same everywhere, so nothing in this package may compute with fractions."""

import ast
import sys
from pathlib import Path

import pytest

import sottovoce.codec.bits

FILES = sorted(Path(sottovoce.codec.bits.__file__).parent.rglob("*.py"))
FRACTIONAL = {"float", "complex", "double", "single", "half", "longdouble", "true_divide", "divide", "mean", "linspace"}


def fractional(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=float() | complex()):
            return True
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
            return name in FRACTIONAL or name.startswith(("float", "complex"))
    return False


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name + "/" + file.name)
def test_no_fractions(file):
    found = [ast.unparse(node) for node in ast.walk(ast.parse(file.read_text())) if fractional(node)]
    assert not found


@pytest.mark.parametrize("code", ["x = 1.5", "x / 2", "x /= 2", "np.float32", "np.zeros(3, 'float')", "x.mean()", "2j"])
def test_the_test_sees_fractions(code):
    assert any(fractional(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name + "/" + file.name)
def test_imports_only_itself_numpy_numba_reedsolo_and_the_standard_library(file):
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                modules = [name.name for name in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        for module in modules:
            inside = f"{module}.".startswith("sottovoce.codec.bits.")
            assert inside or module.split(".")[0] in {"numpy", "numba", "reedsolo", *sys.stdlib_module_names}, module
