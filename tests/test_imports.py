"""Imports run one way: cli, codec, models; codec.bits imports nothing else of ours; no modules in a circle."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {"cli": {"cli", "codec", "models"}, "codec": {"codec", "models"}, "models": {"models"}}
PREFIX = "sottovoce."


def modules() -> dict[str, ast.Module]:
    """All modules, by their names without `sottovoce.`."""
    found = {}
    for package in ALLOWED:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def nodes(tree: ast.AST, *, at_import_only: bool) -> Iterator[ast.AST]:
    """All nodes below one, or those that are executed when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if at_import_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if at_import_only and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from (other, *nodes(other, at_import_only=True))
            continue
        yield from nodes(node, at_import_only=at_import_only)


def imported(tree: ast.AST, *, at_import_only: bool = False, known: dict[str, ast.Module] = MODULES) -> set[str]:
    """Names of our modules that a module imports, without `sottovoce.`."""
    names: set[str] = set()
    for node in nodes(tree, at_import_only=at_import_only):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module), names=aliases):
                whole = {f"{module}.{alias.name}" for alias in aliases}
                names |= {name if name.removeprefix(PREFIX) in known else module for name in whole}
    return {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_one_way(name):
    allowed = ALLOWED[name.split(".")[0]]
    assert not [other for other in imported(MODULES[name]) if other.split(".")[0] not in allowed]


@pytest.mark.parametrize("name", [name for name in MODULES if f"{name}.".startswith("codec.bits.")])
def test_the_file_format_needs_nothing_else_of_ours(name):
    assert not [other for other in imported(MODULES[name]) if not f"{other}.".startswith("codec.bits.")]


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, if any do."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_each_other():
    assert not circle({name: imported(tree, at_import_only=True) for name, tree in MODULES.items()})


def test_relative_imports_are_not_used():
    """They would not be seen here."""
    for name, tree in MODULES.items():
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level], name


TOY = {
    "codec.one": "from sottovoce.codec import two",
    "codec.two": "def later():\n    from sottovoce.codec.one import x\n",
    "codec.three": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sottovoce.cli.four\n",
    "cli.four": "try:\n    from sottovoce.cli.five import y\nexcept ImportError:\n    pass\n",
    "cli.five": "class A:\n    import sottovoce.cli.four\n",
}


def test_the_tests_see_what_they_look_for():
    toy = {name: ast.parse(text) for name, text in TOY.items()}

    def graph(at_import_only: bool) -> dict[str, set[str]]:
        return {name: imported(tree, at_import_only=at_import_only, known=toy) for name, tree in toy.items()}

    assert graph(False)["codec.three"] == {"cli.four"} and not graph(True)["codec.three"]
    assert graph(True)["codec.one"] == {"codec.two"} and not graph(True)["codec.two"]
    assert set(circle({name: found for name, found in graph(True).items() if "cli" in name})) == {
        "cli.four",
        "cli.five",
    }
    assert not circle({name: found for name, found in graph(True).items() if "codec" in name})
    assert circle({name: found for name, found in graph(False).items() if name in ("codec.one", "codec.two")})
