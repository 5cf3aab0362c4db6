"""The documentation: commands and options exist, Python blocks run, paths and links lead somewhere."""

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from sottovoce.cli.app import app

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "docs"))
import generate_commands  # noqa: E402

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if "tutorial" not in page.relative_to(ROOT).parts),
]
COMMANDS = dict(generate_commands.commands(app, "sotto"))
REFERENCE = generate_commands.reference()
named = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_is_in_the_reference(path):
    section = REFERENCE.split(f"\n## {path}\n")[1].split("\n## ")[0]
    command = COMMANDS[path]
    assert command.help, "no help text"
    assert command.help.split()[0] in section
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} has no help text"
            assert parameter.opts[-1] in section


def test_commands_of_a_group_are_in_the_reference():
    assert {"sotto voice make", "sotto voice list"} <= set(COMMANDS)


def sotto_lines(page: Path) -> list[str]:
    """Every call of sotto in the console blocks of a page."""
    lines = [line for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]
    calls = []
    for line in lines:
        calls += [part[part.index("sotto ") :] for part in re.split(r"[|;]|&&|'", line[2:]) if "sotto " in part]
    return [call for call in calls if call.startswith("sotto ")]


@named
def test_commands_in_pages_exist_with_their_options(page):
    for line in sotto_lines(page):
        words = shlex.split(line.split("<")[0], comments=True)[1:]
        command, path = app, "sotto"
        while isinstance(command, click.Group):
            context = click.Context(command, info_name=path)
            following = command.get_command(context, words[0])
            assert following is not None, line
            command, path, words = following, f"{path} {words[0]}", words[1:]
        command.make_parser(click.Context(command)).parse_args(words)  # raises where there is no such option


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder with what the pages call talk.wav."""
    shutil.copy(ROOT / "samples" / "slt-16k-mono.wav", tmp_path / "talk.wav")
    return tmp_path


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_python_blocks_run(page, recordings):
    if re.search(r"\btorch\b|models\.(training|families)", "".join(blocks(page, "python"))):
        pytest.importorskip("torch")
    lines = "\n".join(blocks(page, "python"))
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=recordings, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr


@named
def test_toml_blocks_parse(page):
    for block in blocks(page, "toml"):
        tomllib.loads(block)


@named
def test_links_lead_to_files(page):
    generated = {"commands.md", *(f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "CODE_OF_CONDUCT"))}
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists() or Path(target).name in generated, target


@named
def test_paths_of_modules_exist(page):
    folders = "codec|models|cli|benchmarks|tests|native|samples|sottovoce|docs"
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path


def test_the_api_page_names_what_exists():
    for name in re.findall(r"^::: (\S+)$", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.MULTILINE):
        module, _, member = name.rpartition(".")
        found = importlib.import_module(module)
        assert hasattr(found, member) or importlib.import_module(name)


def test_every_benchmark_and_table_is_explained():
    page = (ROOT / "docs" / "benchmarks" / "README.md").read_text(encoding="utf-8")
    for script in (ROOT / "benchmarks").glob("*.py"):
        assert f"benchmarks/{script.name}" in page or script.name == "speech.py", script.name
    for table in (ROOT / "docs" / "benchmarks").iterdir():
        assert table.name == "README.md" or table.name in page, table.name


def test_the_changelog_has_the_version_of_the_package():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_site_builds_without_warnings(tmp_path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "commands.html").exists()
