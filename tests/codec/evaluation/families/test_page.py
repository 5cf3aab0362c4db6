"""The page of `sotto compare`, in headless Chromium where that is installed."""

import re
import shutil
from html.parser import HTMLParser

import pytest

from sottovoce.codec.evaluation.families.page import build

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def text(report, drawn, real):
    return build(report, drawn, real)


def test_the_page_is_whole_and_names_are_escaped(text):
    class Balance(HTMLParser):
        opened: list[str]

        def handle_starttag(self, tag, attributes):
            if tag not in {"meta", "link", "img"}:
                self.opened.append(tag)

        def handle_endtag(self, tag):
            assert self.opened.pop() == tag

    parser = Balance()
    parser.opened = []
    parser.feed(text)
    assert parser.opened == []
    assert "window &lt;64&gt;" in text
    assert "<64>" not in text


def test_it_holds_no_program_and_no_address(text):
    assert "<script" not in text
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)


def test_every_family_has_a_bar_and_a_row(text, report):
    for row in report["families"]:
        name = row["name"].replace("<", "&lt;").replace(">", "&gt;")
        assert f'<th scope="row" class="name">{name}</th>' in text
    assert text.count('class="line"') == len(report["families"])
    assert text.count('class="bar bound"') == 3
    assert text.count('class="bar bound part"') == 1
    assert text.count('class="bar exact part"') == 2
    assert '<h1 id="title">wavenet needs 4.25 of 8 bits a sample</h1>' in text
    assert "<li>window &lt;64&gt; needs no more bits than gru: 0.000 [0.000, 0.000] fewer.</li>" in text


def test_what_there_is_to_hear_and_to_see(text):
    assert text.count("<audio ") == 2 + 4
    assert text.count("<img ") == 2 + 4 + 2
    assert "Completion of 2" in text
    assert "<h3>The recordings<small>0.wav, 3.wav</small></h3>" in text
    assert text.count("picture prompted") == 2


def test_a_page_without_waveforms_order_or_files(report, real):
    pictures = {**report, "families": [row for row in report["families"] if row["of"] == "picture"], "order": None}
    assert '<h1 id="title">Model families</h1>' in build(pictures, {}, real)


def test_a_bound_is_called_one(report, real):
    bounds = {**report, "families": [row for row in report["families"] if row["kind"] == "vae"], "order": None}
    assert '<h1 id="title">vae, 32 draws needs at most 5.50 of 8 bits a sample</h1>' in build(bounds, {}, real)


@pytest.fixture(scope="module")
def opened(text, tmp_path_factory):
    """Opens the page; nothing may be complained of or asked of a network."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this system: apt install chromium")
    path = tmp_path_factory.mktemp("page") / "compare.html"
    path.write_text(text, encoding="utf-8")
    troubles: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def open_page(**how):
            page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how}).new_page()
            page.on("console", lambda message: troubles.append(message.text))
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("request", lambda one: None if one.url.startswith(("data:", "file:")) else troubles.append(one.url))
            page.goto(path.as_uri())
            return page

        yield open_page
        browser.close()
    assert troubles == []


def test_pictures_show_and_sounds_play(opened):
    page = opened()
    sizes = page.locator("img").evaluate_all("all => all.map((one) => [one.naturalWidth, one.naturalHeight])")
    assert sorted({tuple(size) for size in sizes}) == [(100, 80), (150, 80)]
    lengths = page.locator("audio").evaluate_all(
        """all => Promise.all(all.map((one) => new Promise((done, failed) => {
            one.onloadedmetadata = () => done(one.duration);
            one.onerror = () => failed(one.error.message);
            one.preload = "metadata";
            one.load();
        })))"""
    )
    assert lengths == pytest.approx([1.5, 1.5, 1, 1, 1, 1])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_in_any_light(opened, scheme):
    page = opened(color_scheme=scheme)
    paper, ink = page.evaluate(
        "() => ['backgroundColor', 'color'].map((what) => getComputedStyle(document.body)[what])"
    )
    paper, ink = (sum(map(int, re.findall(r"\d+", colour)[:3])) / 3 for colour in (paper, ink))
    assert (paper > 200 > 60 > ink) if scheme == "light" else (paper < 60 < 200 < ink)


def test_it_fits_a_phone(opened):
    page = opened(viewport={"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    widths = page.locator(".bars svg").evaluate_all("all => all.map((one) => one.getBoundingClientRect().width)")
    assert min(widths) > 250
    clips = page.locator(".clip").evaluate_all("all => all.map((one) => one.getBoundingClientRect().width)")
    assert min(clips) > 140
