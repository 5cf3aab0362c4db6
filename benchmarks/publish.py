"""What an evaluation found, brought to where it is told.

    python benchmarks/publish.py REPORT

REPORT is a folder that `sotto evaluate` has made. Writes docs/measured.json, docs/MEASURED.md, the scores in the card
of the model in the box, and the table in README.md.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sottovoce.codec.evaluation.markdown import markdown
from sottovoce.codec.files import writing

ROOT = Path(__file__).parents[1]
README, JSON, MARKDOWN = ROOT / "README.md", ROOT / "docs" / "measured.json", ROOT / "docs" / "MEASURED.md"
CARD = ROOT / "models" / "released" / "default.json"
PLACE = re.compile(r"(<!-- figures -->\n).*?(\n<!-- /figures -->)", re.DOTALL)
SHOWN = ("pesq_wb", "stoi", "estoi", "f0", "voicing", "speaker", "dnsmos", "per")


def table(report: Mapping[str, Any]) -> str:
    """The README's table: the means, without their intervals."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    metrics = {metric["key"]: metric for metric in report["metrics"]}
    titles = [f"{metrics[key]['title']} {'↑' if metrics[key]['better'] == 'more' else '↓'}" for key in SHOWN]
    yield _row(["codec", "file, bit/s", *titles])
    yield _row(["---"] + ["---:"] * (len(titles) + 1))
    for codec in report["codecs"]:
        rate = codec["file_bit_rate"]
        means = [_shown(codec["means"][key], metrics[key]["digits"]) for key in SHOWN]
        yield _row([codec["title"], "–" if rate is None else f"{rate:.0f}", *means])


def _shown(mean: Mapping[str, float] | None, digits: int) -> str:
    return "–" if mean is None else f"{mean['mean']:.{digits}f}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def scores(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What a card says of each preset."""
    titles = {metric["key"]: metric["title"] for metric in report["metrics"]}
    return {
        codec["name"].removeprefix("sotto:"): {
            "bit/s": codec["file_bit_rate"],
            **{titles[key]: codec["means"][key]["mean"] for key in titles if codec["means"][key]},
        }
        for codec in report["codecs"]
        if codec["name"].startswith("sotto:")
    }


def main(folder: Path) -> None:
    """Write all of it."""
    text = (folder / "report.json").read_text(encoding="utf-8")
    report, card = json.loads(text), json.loads(CARD.read_text(encoding="utf-8"))
    if report["model"]["sha256"] != card["sha256"]:
        sys.exit("publish: the report is of another model than the one in the box")
    card["scores"] = scores(report)
    readme = PLACE.sub(lambda found: found[1] + table(report) + found[2], README.read_text(encoding="utf-8"))
    for path, content in (
        (JSON, text),
        (MARKDOWN, markdown(report)),
        (CARD, json.dumps(card, indent=1) + "\n"),
        (README, readme),
    ):
        with writing(str(path), force=True) as file:
            file.write(content.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
