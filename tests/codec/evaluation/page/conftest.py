"""A small report with sound, for tests of its page."""

import copy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from helpers.report_page import written

from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.published import published

RATE = 16000

CODECS = [
    ("sotto:low", "sottovoce low", "sottovoce", 250.0, 0.5),
    ("sotto:default", "sottovoce default", "sottovoce", 600.0, 0.7),
    ("codec2:3200", "Codec 2 3200", "codec2", 3200.0, 0.6),
    ("codec2:700C", "Codec 2 700C", "codec2", 700.0, 0.4),
    ("opus:6", "Opus 6 kbit/s", "opus", 6000.0, 0.9),
    ("stage1:default", "codes of default, Griffin-Lim", "sottovoce", 600.0, 0.65),
    ("original", "original", "anchor", 256000.0, 1.0),
    ("pcm8k", "16-bit samples at 8 kHz", "anchor", 128000.0, 0.95),
]
"""Name, title, family, bit rate and how good it is."""

QUALITY = {name: quality for name, _, _, _, quality in CODECS}

METRICS = [
    {"key": "pesq_wb", "title": "PESQ-WB", "digits": 2, "better": "more"},
    {"key": "mcd", "title": "MCD, dB", "digits": 2, "better": "less"},
    {"key": "per", "title": "phone error, %", "digits": 1, "better": "less"},
]

PEOPLE = [
    ("one", "f", "9"),
    ("one", "m", "30"),
    ("two", "f", ""),
    ("two", "m", ""),
    ("two", "f", "16"),
    ("two", "", "unknown"),
]
"""Corpus, gender and age."""

SECONDS = 2.0
"""Of each recording."""


def figure(value: float, count: int) -> dict[str, float]:
    """A mean with its interval, which is empty if it is of one recording."""
    wide = 0.05 if count > 1 else 0.0
    return {"mean": round(value, 4), "low": round(value - wide, 4), "high": round(value + wide, 4), "count": count}


def figures(quality: float, count: int) -> dict[str, Any]:
    """Means of a codec; nothing is known of phones."""
    return {"pesq_wb": figure(1 + 3 * quality, count), "mcd": figure(8 * (1 - quality), count), "per": None}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report's folder."""
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="session")
def report(folder: Path) -> dict[str, Any]:
    """A report of eight codecs and six recordings, its sound in the folder."""
    return reported(folder, PEOPLE)


@pytest.fixture(scope="session")
def report_of_one(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """A report of one recording, and its folder."""
    folder = tmp_path_factory.mktemp("one")
    return reported(folder, PEOPLE[:1]), folder


@pytest.fixture(scope="session")
def report_of_strangers(report: dict[str, Any], folder: Path) -> tuple[dict[str, Any], Path]:
    """A report in which one speaker and one corpus aren't known, and its folder."""
    recordings = copy.deepcopy(report["recordings"])
    recordings[3]["speaker"] = recordings[4]["corpus"] = ""
    return {**report, "recordings": recordings}, folder


@pytest.fixture
def hard_report(report: dict[str, Any], folder: Path) -> tuple[dict[str, Any], Path]:
    """A report with conditions, published figures and transcripts, and its folder."""
    return with_conditions(report), folder


def with_conditions(report: dict[str, Any]) -> dict[str, Any]:
    """Add conditions, published figures and word errors to a report."""
    report = copy.deepcopy(report)
    report["metrics"] = [*METRICS, {"key": "dwer", "title": "dWER, %", "digits": 1, "better": "less"}]
    for codec in report["codecs"]:
        errors = 30 * (1 - QUALITY[codec["name"]])
        codec["means"]["dwer"] = figure(errors, 6)
        for index, one in enumerate(codec["recordings"]):
            one |= {"dwer": errors + index, "dwer_words": 8, "transcript": f"words of {codec['name']} {index}"}
    report["conditions"] = [
        *(
            condition(report, f"noise-pink-{ratio}", "pink noise", ratio, "dB SNR", None, 1 / (2 + ratio))
            for ratio in (0, 5, 10)
        ),
        condition(report, "loss-10-burst-3", "packet loss in bursts of 3 packets", 10, "% of packets lost", 0, 0.2),
        condition(report, "band-telephone", "telephone band", None, "", None, 0.1),
    ]
    return report | {"published": published()}


def condition(
    report: dict[str, Any], key: str, kind: str, value: float | None, unit: str, clean: float | None, harm: float
) -> dict[str, Any]:
    """A condition that lessens the quality of all codecs, and of packet loss only of those that conceal it."""
    lossy = key.startswith("loss")
    codecs = [
        {
            "name": codec["name"],
            "file_bit_rate": codec["file_bit_rate"],
            "means": figures(QUALITY[codec["name"]] - harm, 6) | {"dwer": figure(30 * (1 + harm), 6)},
            "degraded": {} if lossy else {"pesq_wb": figure(2 + QUALITY[codec["name"]], 6)},
        }
        for codec in report["codecs"]
        if not lossy or codec["name"].startswith(("sotto", "opus"))
    ]
    title = kind if value is None else f"{kind}, {value}"
    return {"key": key, "kind": kind, "title": title, "value": value, "unit": unit, "clean": clean, "codecs": codecs}


def reported(folder: Path, people: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Make a report, and its sound."""
    count = len(people)
    recordings = [
        {
            "id": f"{index:04d}",
            "path": f"{corpus}/{index}.flac",
            "corpus": corpus,
            "speaker": f"s{index}",
            "gender": gender,
            "age": age,
            "language": "en",
            "seconds": SECONDS,
            "crc32": index,
        }
        for index, (corpus, gender, age) in enumerate(people)
    ]
    codecs = []
    for order, (name, title, family, rate, quality) in enumerate(CODECS):
        for recording in recordings:
            path = places.clip(folder, name, recording["id"])
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, sound(SECONDS, order), RATE, subtype="PCM_16")
        groups = {
            "corpus": {"one": figures(quality - 0.1, 2), "two": figures(quality - 0.05, 4)},
            "gender": {"f": figures(quality - 0.2, 3), "m": figures(quality, 2)},
            "age": {"children": figures(quality - 0.3, 1), "adults": figures(quality, 2)},
        }
        codecs.append(
            {
                "name": name,
                "title": title,
                "family": family,
                "bit_rate": rate,
                "file_bit_rate": rate + 78,
                "encode_rtf": 0.03,
                "decode_rtf": 0.15,
                "encode_memory": 129_000_000 if name.startswith("sotto:") else None,
                "decode_memory": None,
                "delay": 0,
                "means": figures(quality, count),
                "groups": groups,
                "recordings": [{"bytes": 100, "pesq_wb": 1 + 3 * quality, "mcd": 1.0, "per": None} for _ in recordings],
            }
        )
    return {
        "format": 1,
        "versions": {"python": "3.11", "sottovoce": "0.1.0"},
        "model": {"name": "default", "id": "98059e9d", "sha256": "98059e9d" * 8},
        "metrics": METRICS,
        "recordings": recordings,
        "codecs": codecs,
        "missing": {"lc3:16": "apt install </script> liblc3-tools"},
    }


def sound(seconds: float, order: int) -> np.ndarray:
    """A tone of its own for each codec, swelling and fading."""
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.3 * np.sin(2 * np.pi * (300 + 100 * order) * time) * np.sin(np.pi * time / seconds)


@pytest.fixture(scope="module")
def address(report, folder) -> str:
    return written(report, folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by playwright."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed: pip install playwright")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this system: apt install chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield started
        started.close()


@pytest.fixture
def opened(browser, address) -> Iterator[Callable[..., Any]]:
    """Opens the page; at the end, nothing may have been complained of or asked of a network."""
    troubles: list[str] = []
    contexts = []
    pages = set()

    def asked(request: Any) -> None:
        if not request.url.startswith(("blob:", "data:")) and request.url not in pages:
            troubles.append(request.url)

    def open_page(script: str = "", address: str = address, **how: Any) -> Any:
        pages.add(address)
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", asked)
        page.add_init_script(script)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def page(opened) -> Any:
    return opened()
