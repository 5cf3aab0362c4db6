"""Training logs as tables, one per stage.

python benchmarks/training.py RUN/log.jsonl... -o docs/benchmarks/training.md
"""

import argparse
import json
from pathlib import Path

ROWS = 16


def table(log: Path) -> str:
    """Return about sixteen entries of a log with figures on held-out speech, the last one included."""
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    checked = [entry for entry in entries if any(key.startswith(("dev_", "latent_gap")) for key in entry)]
    every = max(1, len(checked) // ROWS)
    shown = checked[::-1][::every][::-1]
    keys = [key for key in shown[-1] if key.startswith(("dev_", "latent_gap"))]
    lines = [["step", *keys], ["---:"] * (len(keys) + 1)]
    lines += [[str(entry["step"]), *(f"{entry[key]:.3f}" for key in keys)] for entry in shown]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    parts = [f"## {log.parent.name}\n\n{table(log)}\n" for log in args.logs]
    args.output.write_text(
        "# Training logs\n\nFigures on speakers held out of training, with averaged weights.\n\n" + "\n".join(parts)
    )


if __name__ == "__main__":
    main()
