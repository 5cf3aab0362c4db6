"""The report as Markdown tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from sottovoce.codec.evaluation.cells import header, mean, number, row, titled
from sottovoce.codec.evaluation.condition_tables import condition_tables

FEW = ("pesq_wb", "estoi", "speaker", "dnsmos", "wer", "dwer", "per")
"""Metrics in the tables of groups."""

GROUPS = {"corpus": "By corpus", "gender": "By gender", "age": "By age"}


def markdown(report: Mapping[str, Any]) -> str:
    """Return the tables of a report.

    Parameters
    ----------
    report : mapping
        Contents of report.json.
    """
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield "# Speech through codecs"
    yield ""
    yield _head(report)
    yield ""
    yield from _quality(report)
    yield from _words(report.get("recogniser"))
    yield ""
    yield "## Cost"
    yield ""
    yield (
        "RTF: seconds of processor time per second of speech, in one thread. Memory: peak of the program on the "
        "longest recording. Before measuring, the delay was removed and the level matched to the recording; samples "
        "beyond full scale were then clipped. Level error and clipped samples are measured before the level is matched."
    )
    yield ""
    yield from _cost(report)
    yield from condition_tables(report)
    for key, title in GROUPS.items():
        yield from _groups(report, key, title)
    yield from _published(report.get("published"))
    if report["missing"]:
        yield ""
        yield "## Not measured"
        yield ""
        yield from (f"- {name}: to include it, `{remedy}`" for name, remedy in report["missing"].items())


def _head(report: Mapping[str, Any]) -> str:
    recordings, model = report["recordings"], report["model"]
    speakers = {(one["corpus"], one["speaker"]) for one in recordings if one["speaker"]}
    known = sum(bool(one["speaker"]) for one in recordings)
    seconds = sum(one["seconds"] for one in recordings)
    who = f" of {_counted(len(speakers), 'speaker')}" if known == len(recordings) else ""
    drawn, few = "recordings", ""
    if speakers and len(speakers) + len(recordings) - known > 2:
        drawn, few = "speakers", " In groups of fewer than three speakers, intervals are over recordings."
    return (
        f"{_counted(len(recordings), 'recording')}{who}, {seconds:.0f} s; model `{model['name']}` {model['id']}. "
        f"Means with 95 % bootstrap intervals over {drawn}; ↑ higher is better, ↓ lower is better.{few}"
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _quality(report: Mapping[str, Any]) -> Iterator[str]:
    metrics = report["metrics"]
    yield from header(["codec", "codes, bit/s", "file, bit/s", *map(titled, metrics)])
    for codec in report["codecs"]:
        cells = [mean(codec["means"][metric["key"]], metric["digits"]) for metric in metrics]
        yield row([codec["title"], number(codec["bit_rate"]), number(codec["file_bit_rate"]), *cells])


def _words(recogniser: Mapping[str, str] | None) -> Iterator[str]:
    if recogniser:
        yield ""
        yield (
            f"WER: words that Whisper `{recogniser['name']}` (SHA-256 {recogniser['sha256'][:16]}, faster-whisper "
            f"{recogniser['faster-whisper']}) recognises wrongly, misses or adds, in percent of the words of the text, "
            "where it is known. dWER: the same against its transcript of the original. Text is normalised as in "
            "Whisper's paper; a recording counts with at most as many errors as it has words."
        )


def _published(table: Mapping[str, Any] | None) -> Iterator[str]:
    if not table:
        return
    yield ""
    yield f"## Published figures on {table['set']}"
    yield ""
    yield f"These are {table['note']}. WER and speaker similarity are by other models than those of this report."
    yield ""
    titles = {"pesq_wb": "PESQ-WB", "stoi": "STOI", "utmos": "UTMOS", "wer_published": "WER, %"}
    titles["similarity_published"] = "speaker similarity"
    yield from header(["codec", "bit/s", *titles.values(), "parameters", "source"])
    for codec in table["codecs"]:
        figures = [str(codec["figures"].get(key, "–")) for key in titles]
        yield row([codec["name"], number(codec["bit_rate"]), *figures, codec["parameters"] or "–", codec["source"]])


def _cost(report: Mapping[str, Any]) -> Iterator[str]:
    yield from header(["codec", "encode RTF", "decode RTF", "encode MB", "decode MB", "delay, samples"])
    for codec in report["codecs"]:
        rtf = [f"{codec[key]:.4f}" for key in ("encode_rtf", "decode_rtf")]
        memory = [number(codec[key], 1e6) for key in ("encode_memory", "decode_memory")]
        yield row([codec["title"], *rtf, *memory, str(codec["delay"])])


def _groups(report: Mapping[str, Any], key: str, title: str) -> Iterator[str]:
    names = list(report["codecs"][0]["groups"][key])
    if len(names) < 2:
        return
    metrics = [metric for metric in report["metrics"] if metric["key"] in FEW]
    yield ""
    yield f"## {title}"
    for metric in metrics:
        if not any(codec["groups"][key][name][metric["key"]] for codec in report["codecs"] for name in names):
            continue
        yield ""
        yield from header([titled(metric), *names])
        for codec in report["codecs"]:
            means = [codec["groups"][key][name][metric["key"]] for name in names]
            yield row([codec["title"], *(mean(figure, metric["digits"]) for figure in means)])
