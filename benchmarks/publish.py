"""What was measured, brought to where it is told.

    python benchmarks/publish.py [--codecs REPORT] [--families REPORT] [--probes OUT.json]

Takes what `sotto evaluate`, `sotto compare` and `sotto probe` have made. Writes codecs.json, families.json and
probes.json in docs/benchmarks (without the figures of single recordings), docs/MEASURED.md from all three, and from the
first the scores in the card of the bundled model and the table in README.md.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sottovoce.codec.evaluation.families import table as families
from sottovoce.codec.evaluation.markdown import markdown
from sottovoce.codec.io.files import writing
from sottovoce.models.families import store
from sottovoce.models.probing import table as probes

ROOT = Path(__file__).parents[1]
README, MARKDOWN = ROOT / "README.md", ROOT / "docs" / "MEASURED.md"
TABLES = ROOT / "docs" / "benchmarks"
JSON, FAMILIES, PROBES = TABLES / "codecs.json", TABLES / "families.json", TABLES / "probes.json"
CARD = ROOT / "models" / "released" / "default.json"
PLACE = re.compile(r"(<!-- figures -->\n).*?(\n<!-- /figures -->)", re.DOTALL)
SHOWN = ("pesq_wb", "stoi", "estoi", "f0", "voicing", "speaker", "dnsmos", "per", "dwer")


def table(report: Mapping[str, Any]) -> str:
    """The README's table: the means, without their intervals."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    metrics = {metric["key"]: metric for metric in report["metrics"]}
    shown = [key for key in SHOWN if key in metrics]
    titles = [f"{metrics[key]['title']} {'↑' if metrics[key]['better'] == 'more' else '↓'}" for key in shown]
    yield _row(["codec", "file, bit/s", *titles])
    yield _row(["---"] + ["---:"] * (len(titles) + 1))
    for codec in report["codecs"]:
        rate = codec["file_bit_rate"]
        means = [_shown(codec["means"][key], metrics[key]["digits"]) for key in shown]
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


def document() -> str:
    """MEASURED.md of all that was found."""
    parts = [markdown(json.loads(JSON.read_text(encoding="utf-8")))]
    if FAMILIES.exists():
        parts.append(families.markdown(json.loads(FAMILIES.read_text(encoding="utf-8"))))
    if PROBES.exists():
        parts.append(probes.markdown(json.loads(PROBES.read_text(encoding="utf-8")), f"benchmarks/{PROBES.stem}.svg"))
    return "\n".join(parts)


def summary(report: Mapping[str, Any], rows: str) -> str:
    """Return a report as JSON without the figures of single recordings, which are most of it and in no table."""
    kept = {**report, rows: [_without_recordings(row) for row in report[rows]]}
    if "conditions" in report:
        kept["conditions"] = [
            {**one, "codecs": [_without_recordings(row) for row in one["codecs"]]} for one in report["conditions"]
        ]
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n"


def _without_recordings(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "recordings"}


def put(path: Path, content: str) -> None:
    """Write a file, whole or not at all."""
    with writing(str(path), force=True) as file:
        file.write(content.encode())


def publish_codecs(folder: Path) -> None:
    """What `sotto evaluate` found: kept, and told in the card and the README."""
    report, card = (json.loads(file.read_text(encoding="utf-8")) for file in (folder / "report.json", CARD))
    if report["model"]["sha256"] != card["sha256"]:
        sys.exit("publish: the report is of another model than the one in the box")
    card["scores"] = scores(report)
    put(JSON, summary(report, "codecs"))
    put(CARD, json.dumps(card, indent=1) + "\n")
    put(README, PLACE.sub(lambda found: found[1] + table(report) + found[2], README.read_text(encoding="utf-8")))


def publish_families(folder: Path) -> None:
    """What `sotto compare` found."""
    text = (folder / "compare.json").read_text(encoding="utf-8")
    bundled = {name: hashlib.sha256(store.find(name).read_bytes()).hexdigest() for name in store.available()}
    if not set(bundled.values()) <= {row["sha256"] for row in json.loads(text)["families"]}:
        sys.exit("publish: the comparison lacks families in the box, or is of others")
    put(FAMILIES, summary(json.loads(text), "families"))


def publish_probes(file: Path) -> None:
    """What `sotto probe` found, and its picture."""
    put(PROBES, file.read_text(encoding="utf-8"))
    put(PROBES.with_suffix(".svg"), file.with_suffix(".svg").read_text(encoding="utf-8"))


def main(arguments: Sequence[str]) -> None:
    """Publish what is given, and write MEASURED.md again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codecs", type=Path, metavar="REPORT")
    parser.add_argument("--families", type=Path, metavar="REPORT")
    parser.add_argument("--probes", type=Path, metavar="OUT.json")
    given = parser.parse_args(arguments)
    if given.codecs:
        publish_codecs(given.codecs)
    if given.families:
        publish_families(given.families)
    if given.probes:
        publish_probes(given.probes)
    put(MARKDOWN, document())


if __name__ == "__main__":
    main(sys.argv[1:])
