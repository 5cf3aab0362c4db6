"""The command reference, generated from the click commands, and what else the documentation site needs at build time.

MkDocs loads this file as a hook (see mkdocs.yml). `python docs/generate_commands.py` prints the reference.
"""

from __future__ import annotations

import inspect
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGE = "commands.md"
INCLUDE = re.compile(r"^\[`?([\w-]+\.txt)`?\]\(\1\)$", re.MULTILINE)
"""A paragraph that is nothing but a link to a text file beside the page: the site shows its contents there."""


_COPY = tempfile.TemporaryDirectory(prefix="sottovoce-docs-")


# ---------------------------------------------------------------- command reference
def reference() -> str:
    """Return the command reference as Markdown."""
    from sottovoce.cli.app import app

    parts = ["# Commands", _text(app), ""]
    for path, command in commands(app, "sotto"):
        parts += [f"## {path}", "", *_section(path, command)]
    return "\n".join(parts) + "\n"


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command below a group with its full name; groups themselves are left out."""
    context = click.Context(command, info_name=path)
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from commands(below, f"{path} {name}")


def _section(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield "```text"
    yield f"{path} {' '.join(command.collect_usage_pieces(context))}"
    yield "```"
    yield ""
    yield _text(command)
    yield ""
    records = [
        record for param in command.get_params(context) if (record := param.get_help_record(context)) and record[1]
    ]
    if records:
        yield "| option | meaning |"
        yield "| --- | --- |"
        for names, meaning in records:
            yield f"| `{_cell(names)}` | {_cell(meaning)} |"
        yield ""


def _text(command: click.Command) -> str:
    """Return the help text of a command: paragraphs, and as code those that click is not to wrap."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return "\n\n".join(_paragraph(one) for one in paragraphs)


def _paragraph(text: str) -> str:
    if text.startswith("\b"):
        return f"```text\n{inspect.cleandoc(text.lstrip(chr(8)))}\n```"
    return text.replace("<", "&lt;")


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


# ---------------------------------------------------------------- hooks of MkDocs
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Let mkdocstrings find the package: its folders lie side by side in a checkout."""
    package = Path(_COPY.name) / "sottovoce"
    for source in ("sottovoce", "codec", "models", "cli"):
        # A copy, as griffe follows no links.
        target = package if source == "sottovoce" else package / source
        shutil.copytree(ROOT / source, target, ignore=_but_modules, dirs_exist_ok=True)
    config.plugins["mkdocstrings"].config["handlers"]["python"]["paths"] = [_COPY.name]
    return config


def _but_modules(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not (name.endswith(".py") or Path(folder, name).is_dir())]


on_config.mkdocs_priority = 100  # type: ignore[attr-defined]  # before mkdocstrings reads its configuration


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, PAGE, content=reference()))
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md"):
        content = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=content.replace("](docs/", "](")))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Show text files where a page links to them."""
    if page.file.abs_src_path is None:
        return markdown
    folder = Path(page.file.abs_src_path).parent
    return INCLUDE.sub(lambda link: f"```text\n{(folder / link[1]).read_text(encoding='utf-8')}```", markdown)


if __name__ == "__main__":
    print(reference(), end="")
