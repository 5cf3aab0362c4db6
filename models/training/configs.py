"""Training configurations: where they are found, what may be changed in them, and their text with comments."""

from __future__ import annotations

import difflib
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.reference import PRESET, REQUIRED, TASKS, Table, stage_table, tables_of

_FOLDERS = ("", "families/")
_COLUMN = 44
"""Column of the comments."""


def bundled() -> dict[str, str]:
    """Return the names of the bundled configurations, each with the first sentence of its comment."""
    found = {}
    for folder in _FOLDERS:
        for file in sorted(
            resources.files("sottovoce.models.configs").joinpath(folder).iterdir(), key=lambda f: f.name
        ):
            if file.name.endswith(".toml"):
                comment = re.match(r"(#[^\n]*\n)*", file.read_text())
                words = " ".join((comment.group() if comment else "").replace("#", " ").split())
                found[folder + file.name.removesuffix(".toml")] = re.split(r"(?<=[.:;]) ", words)[0].rstrip(".:;")
    return found


def read_text(name: Path | str) -> str:
    """Return the text of a configuration by its path, or by its name among the bundled ones.

    Raises
    ------
    FileNotFoundError
        When there is none; the message lists those that are bundled.
    """
    packaged = resources.files("sottovoce.models.configs") / f"{name}.toml"
    if packaged.is_file():
        return packaged.read_text()
    path = Path(name)
    if not path.is_file():
        names = list(bundled())
        close = difflib.get_close_matches(str(name), names, 3, 0.5) or [one for one in names if str(name) in one][:3]
        meant = f"did you mean {' or '.join(close)}? " if close else ""
        raise FileNotFoundError(
            f"{name}: no such file or bundled configuration; {meant}`sotto train --list` lists them"
        )
    return path.read_text()


def read_config(name: Path | str) -> dict[str, Any]:
    """Return a TOML configuration by its path, or by its name among the bundled ones (`default`)."""
    return tomllib.loads(read_text(name))


def override(config: dict[str, Any], changes: dict[str, str]) -> None:
    """Set `table.key` to a TOML value; what does not parse as TOML is taken as a string."""
    for dotted, text in changes.items():
        *tables, key = dotted.split(".")
        place = config
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise TrainingError(f"cannot set {dotted}: {table} is a value, not a table")
        try:
            place[key] = tomllib.loads(f"x = {text}")["x"]
        except tomllib.TOMLDecodeError:
            place[key] = text


def place(config: dict[str, Any], shards: str | None, out: str | None) -> None:
    """Let all stages use other shards, or have their run folders, named after them, in another folder."""
    stages = {name: stage for name, stage in config.get("stage", {}).items() if isinstance(stage, dict)}
    moved = {str(stage.get("out")): str(Path(out or "") / name) for name, stage in stages.items()}
    for name, stage in stages.items():
        if shards is not None:
            stage["shards"] = shards
        if out is not None:
            stage["out"] = str(Path(out) / name)
            start = stage.get("start")
            if isinstance(start, str):
                stage["start"] = moved.get(start, start)
            elif isinstance(start, list):
                stage["start"] = [moved.get(one, one) for one in start]


def commented(name: Path | str) -> str:
    """Return the text of a configuration with a comment at every key, and the other keys with their defaults.

    The table `about` of a bundled configuration is left out: it is about the training of the bundled model.
    """
    text = read_text(name)
    config = tomllib.loads(text)
    tables = tables_of(config)
    lines: list[str] = []
    table: Table = {}
    given: set[str] = set()
    hidden = False
    for line in [*text.splitlines(), ""]:
        heading = re.match(r"\[+([\w.-]+)\]+\s*$", line)
        if heading or not line:
            while lines and not lines[-1]:
                lines.pop()
            if table:
                lines += _others(table, given)
            table, given = {}, set()
        if heading:
            hidden = heading.group(1).split(".")[0] == "about"
            table = _table_of(heading.group(1), config, tables)
            lines += [""] * (not hidden and bool(lines))
        elif not line and not hidden:
            lines.append(line)
        if hidden:
            continue
        key = re.match(r"(\w+) = ", line)
        if key and key.group(1) in table:
            given.add(key.group(1))
            line = f"{line.split('  #')[0]:<{_COLUMN}}  # {table[key.group(1)].about}"
        if line:
            lines.append(line)
    return "\n".join(lines).strip("\n") + "\n"


def _table_of(heading: str, config: dict[str, Any], tables: dict[str, Table]) -> Table:
    top, *rest = heading.split(".")
    if top == "presets":
        return PRESET
    if top == "stage" and rest:
        task = config["stage"][rest[0]].get("task")
        return stage_table(task) if task in TASKS else {}
    return tables.get(top, {})


def _others(table: Table, given: set[str]) -> list[str]:
    """Return the keys that are not given as comments, with their defaults."""
    lines = []
    for key, what in table.items():
        if key not in given and what.default is not REQUIRED and what.default is not None:
            lines.append(f"{f'# {key} = {_toml(what.default)}':<{_COLUMN}}  # {what.about}")
    return lines


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value)
