"""The log of a run for other programs: CSV, pictures of the loss, TensorBoard."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

_SHOWN = ("loss", "dev_", "mel_rmse_db", "bits_per_sample", "latent_gap", "nats_per_phone")
"""How the names of figures begin that are drawn."""


def read_log(directory: Path) -> list[dict[str, Any]]:
    """Return the entries of a run's log; a line that was cut off is left out."""
    entries = []
    path = directory / "log.jsonl"
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries


def write_csv(directory: Path) -> Path | None:
    """Write `log.csv`, a column for each figure; return its path, or None where there is no log."""
    entries = read_log(directory)
    if not entries:
        return None
    names = list(dict.fromkeys(name for entry in entries for name in entry))
    path = directory / "log.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(entries)
    return path


def draw_curves(directory: Path) -> Path | None:
    """Draw `curves.png` with matplotlib: the losses over the steps, of training and of held-out speech.

    Returns
    -------
    path or None
        None where there is nothing to draw, or matplotlib is not installed.
    """
    entries = read_log(directory)
    names = [
        name
        for name in dict.fromkeys(name for entry in entries for name in entry)
        if name.startswith(_SHOWN) and "/" not in name
    ]
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.removeprefix("dev_"), []).append(name)
    if not groups:
        return None
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    figure = Figure(figsize=(4 * columns, 2.8 * rows), layout="constrained", dpi=100)
    for place, (title, group) in enumerate(groups.items(), 1):
        axes = figure.add_subplot(rows, columns, place)
        for name in group:
            points = [(one["step"], one[name]) for one in entries if name in one and math.isfinite(one[name])]
            style = {"marker": "o", "markersize": 3} if name.startswith("dev_") else {"linewidth": 1}
            axes.plot(*zip(*points, strict=True), label="held out" if name.startswith("dev_") else "training", **style)  # type: ignore[arg-type]
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, frameon=False)
    path = directory / "curves.png"
    figure.savefig(path)
    return path


class TensorBoard:
    """Writes the figures of a run for TensorBoard, into `tensorboard` in its folder."""

    def __init__(self, directory: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(directory / "tensorboard"))

    def add(self, entry: dict[str, Any]) -> None:
        """Add an entry of the log."""
        for name, value in entry.items():
            if name != "step":
                self._writer.add_scalar(name, value, entry["step"], walltime=None)

    def close(self) -> None:
        """Write what is still to be written."""
        self._writer.close()
