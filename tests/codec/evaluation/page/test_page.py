"""The page in a browser: the system's Chromium, driven by playwright."""

import copy
import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sottovoce.codec.evaluation.page import build

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed: pip install playwright")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this system: apt install chromium")

SECONDS = 2.0


def written(report: dict[str, Any], folder: Path, name: str = "report.html") -> str:
    """Write a report's page and return its address."""
    path = folder / name
    path.write_text(build(report, folder), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def address(report, folder) -> str:
    return written(report, folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
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


def column(page: Any, key: str) -> list[str]:
    """The table's texts of a column, from the top; intervals left out."""
    place = page.locator("#table thead th").evaluate_all(
        "(heads, key) => heads.findIndex((head) => head.dataset.key === key)", key
    )
    return page.locator("#table tbody tr").evaluate_all(
        "(rows, place) => rows.map((row) => row.cells[place].firstChild.textContent)", place
    )


def answers(page: Any, button: str) -> dict[str, Any]:
    """What a button saves."""
    with page.expect_download() as saved:
        page.get_by_role("button", name=button).click()
    assert saved.value.suggested_filename.endswith(".json")
    return json.loads(Path(saved.value.path()).read_text())


# ---------------------------------------------------------------- figures
def test_the_page_opens_without_complaint_or_request(page):
    assert page.title() == "sottovoce, measured"
    assert "678\u00a0bit/s" in page.locator("h1").inner_text()
    facts = page.locator("#facts").inner_text()
    assert "Better than Codec 2 3200 (2.80)" in facts
    assert "Worse than Opus 6 kbit/s (3.70)" in facts
    assert "apt install </script> liblc3-tools" in page.locator("#table-note").inner_text()


def test_all_speakers_and_collections_are_counted_if_all_are_known(page, opened, report_of_strangers):
    assert page.locator("#lead").inner_text().startswith("6 recordings by 6 speakers from 2 collections, 0.2 minutes")
    strange = opened(address=written(*report_of_strangers, "strangers.html"))
    assert strange.locator("#lead").inner_text().startswith("6 recordings, 0.2 minutes")


def test_of_one_recording_nothing_is_claimed_and_no_interval_shown(opened, report_of_one):
    page = opened(address=written(*report_of_one))
    assert page.locator("#lead").inner_text().startswith("1 recording by 1 speaker, ")
    facts = page.locator("#facts").inner_text()
    assert "3.10" in facts
    assert "Of 1 recording: too few" in facts
    assert not any(word in facts for word in ("Better", "Worse", "["))
    assert "brackets" not in page.locator("#facts-note").inner_text()
    assert page.locator("#table td small").count() == 0
    assert page.locator("#plot .whisker").count() == 0
    assert "Whiskers" not in page.locator("#plot-caption").inner_text()
    point = page.get_by_role("img", name="Codec 2 3200:")
    assert point.get_attribute("aria-label") == "Codec 2 3200: 3\u202f278 bit/s, PESQ-WB 2.80"
    point.focus()
    assert "95 %" not in page.locator("#tip").inner_text()
    assert "n = 1" in page.locator("#tip").inner_text()


@pytest.mark.parametrize(("own", "other"), [(4, 6), (6, 4)])
def test_nothing_is_claimed_from_fewer_than_five(opened, report, folder, own, other):
    report = copy.deepcopy(report)
    for codec in report["codecs"]:
        codec["means"]["pesq_wb"]["count"] = own if codec["name"] == "sotto:default" else other
    facts = opened(address=written(report, folder, "few.html")).locator("#facts").inner_text()
    assert "[3.05–3.15]" in facts
    assert not any(word in facts for word in ("Better than", "Worse than"))


def test_an_analysis_is_neither_on_a_curve_nor_a_preset(page, opened, report, folder):
    point = page.get_by_role("img", name="codes of default")
    assert point.locator(".marker.hollow").count() == 1
    assert page.locator("#plot .marker.hollow").count() == 1
    ours = page.locator('#plot polyline[data-family="sottovoce"]')
    assert ours.count() == 1
    assert len(ours.get_attribute("points").split()) == 2
    assert "sottovoce's codes, Griffin-Lim" in page.locator("#legend").inner_text()
    assert page.locator('#table tr[data-codec="stage1:default"]').get_attribute("class") == "analysis"
    assert "2 presets of sottovoce beside 3 other codec settings" in page.locator("#lead").inner_text()
    assert page.locator("#cards h3").all_inner_texts() == ["Other codecs", "Analysis", "Anchors"]
    alone = {**report, "codecs": [codec for codec in report["codecs"] if not codec["name"].startswith("sotto:")]}
    assert opened(address=written(alone, folder, "alone.html")).locator("h1").inner_text() == "Speech codecs, measured"


def test_the_network_is_forbidden(browser, address):
    page = browser.new_page()  # one that may complain
    page.goto(address)
    refused = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", ({effectiveDirective}) => resolve(effectiveDirective));
            fetch("file:///nothing").catch(() => {});
        })"""
    )
    assert refused == "connect-src"
    page.close()


def test_the_table_sorts_by_any_column_and_says_so(page):
    head = page.locator('#table th[data-key="mcd"]')
    own_order = column(page, "title")
    assert head.get_attribute("aria-sort") is None
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"  # less is better: the best first
    numbers = [float(text) for text in column(page, "mcd")]
    assert numbers == sorted(numbers)
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(text) for text in column(page, "mcd")] == sorted(numbers, reverse=True)
    page.locator('#table th[data-key="title"] button').click()
    assert head.get_attribute("aria-sort") is None
    titles = column(page, "title")
    assert sorted(titles) == sorted(own_order)
    assert titles.index("Codec 2 700C") < titles.index("Codec 2 3200")  # by number, not by digit


def test_unknown_figures_come_last_either_way(page):
    head = page.locator('#table th[data-key="encode_memory"] button')
    for _ in range(2):
        head.click()
        assert column(page, "encode_memory") == ["129"] * 2 + ["–"] * 6


def test_a_group_changes_table_and_curves(page):
    def shown() -> tuple[str, str | None]:
        return column(page, "pesq_wb")[1], page.locator("#plot .point").last.get_attribute("aria-label")

    everyone = shown()
    assert everyone == ("3.10", "sottovoce default: 678 bit/s, PESQ-WB 3.10, 3.05 to 3.15")
    page.locator("#table select").select_option("age/children")
    assert page.locator("#curves select").input_value() == "age/children"
    assert shown()[0] == "2.20"
    assert "PESQ-WB 2.20" in shown()[1]
    assert "children (under 16) (1 recording)" in page.locator("#table-caption").inner_text()
    assert page.locator("#table option").evaluate_all("(all) => all.map((one) => one.value)") == [
        "", "corpus/one", "corpus/two", "gender/f", "gender/m", "age/adults", "age/children",
    ]  # fmt: skip
    page.locator("#curves select").select_option("")
    assert shown() == everyone


def test_curves_show_the_chosen_metric_and_rate(page):
    radios = page.get_by_role("group", name="Metric").get_by_role("radio")
    assert radios.count() == 2  # nothing is known of phones
    before = page.locator("#plot polyline.curve").first.get_attribute("points")
    radios.first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#plot svg").get_attribute("aria-label") == "MCD, dB against rate, all 6 recordings"
    assert "lower is better" in page.locator("#plot svg .title").text_content()
    assert page.locator("#plot polyline.curve").first.get_attribute("points") != before
    assert page.locator("#plot .point").count() == 6
    assert page.locator("#plot .anchor").count() == 2
    page.get_by_role("radio", name="codes alone").check(force=True)
    assert "600 bit/s" in page.locator("#plot .point").last.get_attribute("aria-label")


@pytest.mark.parametrize("width", [375, 1280])
def test_no_number_is_nearer_to_another_of_its_family(opened, report, folder, width):
    report = copy.deepcopy(report)
    crowd = next(codec for codec in report["codecs"] if codec["name"] == "codec2:3200")
    for rate, lower in (("2400", 0.05), ("1300", 0.2), ("1200", 0.3)):
        pesq = {key: value - lower for key, value in crowd["means"]["pesq_wb"].items()}
        other = {"name": f"codec2:{rate}", "title": f"Codec 2 {rate}", "file_bit_rate": float(rate)}
        report["codecs"].append({**crowd, **other, "means": {"pesq_wb": {**pesq, "count": 6}}})
    page = opened(address=written(report, folder, "crowd.html"), viewport={"width": width, "height": 900})
    named = page.evaluate(
        """() => {
            const all = (what) => [...document.querySelectorAll(what)];
            const boxes = (what) => all(what).map((one) => [one, one.getBoundingClientRect()]);
            const points = boxes("#plot .point .whisker");
            return boxes('#plot .label:not([data-family="sottovoce"])').map(([label, box]) => {
                const marks = points.filter(([one]) => one.parentNode.dataset.family === label.dataset.family);
                const gap = ([, mark]) => {
                    const x = mark.x + mark.width / 2;
                    const across = Math.max(box.left - x, 0, x - box.right);
                    return Math.hypot(across, Math.max(box.top - mark.bottom, 0, mark.top - box.bottom));
                };
                const nearest = marks.reduce((one, other) => (gap(other) < gap(one) ? other : one));
                return [label.textContent, nearest[0].parentNode.getAttribute("aria-label").split(":")[0]];
            });
        }"""
    )
    assert len(named) >= 3
    assert page.locator('#plot .label[data-family="sottovoce"]').count() >= 2
    assert all(name in title for name, title in named)


def test_points_tell_their_figures_on_hover_and_focus(page):
    tip = page.locator("#tip")
    page.get_by_role("img", name="Codec 2 3200:").focus()
    assert "MCD" not in tip.inner_text()
    assert "PESQ-WB 2.80" in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.get_by_role("img", name="Opus 6 kbit/s:").hover()
    assert "95 %: 3.65 to 3.75" in tip.inner_text()


# ---------------------------------------------------------------- listening
def test_players_play_one_at_a_time(page):
    first, second = (page.locator(f'.card[data-codec="{codec}"] audio') for codec in ("sotto:default", "codec2:3200"))
    for player in (first, second):
        player.scroll_into_view_if_needed()
        page.wait_for_function("(player) => player.readyState > 0", arg=player.element_handle())
        assert player.evaluate("(player) => player.duration") == pytest.approx(SECONDS, abs=0.01)
        player.evaluate("(player) => player.play()")
        page.wait_for_function("(player) => player.currentTime > 0.2", arg=player.element_handle())
    assert first.evaluate("(player) => player.paused")
    assert page.locator('.card[data-codec="codec2:3200"] .cursor').is_visible()


@pytest.mark.parametrize(("codec", "hertz"), [("original", 900), ("sotto:default", 400)])
def test_spectrograms_show_what_sounds(page, codec, hertz):
    canvas = page.locator(f'.card[data-codec="{codec}"] canvas')
    canvas.scroll_into_view_if_needed()
    page.wait_for_function("(canvas) => canvas.dataset.drawn", arg=canvas.element_handle())
    line = canvas.evaluate(
        """(canvas) => {
            const {data} = canvas.getContext("2d").getImageData(canvas.width >> 1, 0, 1, canvas.height);
            const light = Array.from({length: canvas.height}, (_, row) => data[4 * row] + data[4 * row + 1]);
            return canvas.height - 1 - light.indexOf(Math.max(...light));
        }"""
    )
    assert line * 16000 / 512 == pytest.approx(hertz, abs=32)


def test_another_recording_brings_other_players(page):
    page.locator("#example-choice").select_option("0003")
    assert page.locator(".card").first.get_attribute("data-recording") == "0003"
    assert page.locator(".card").count() == 8


def test_an_unknown_age_is_not_called_grown_up(page):
    assert sorted(page.locator("#example-choice option").all_inner_texts()) == [
        "one s0, girl, 9 years, 2.0 s",
        "one s1, man, 2.0 s",
        "two s2, female voice, 2.0 s",
        "two s3, male voice, 2.0 s",
        "two s4, woman, 2.0 s",
        "two s5, 2.0 s",
    ]


# ---------------------------------------------------------------- blind tests
def begin_abx(page: Any, trials: int) -> None:
    page.get_by_label("Trials").fill(str(trials))
    page.get_by_role("button", name="Begin ABX").click()


def test_abx_by_keyboard_to_the_saved_answers(page):
    begin_abx(page, 6)
    panel = page.locator("#trial")
    page.keyboard.press("1")
    assert "Listen to X first" in panel.inner_text()
    for trial in range(6):
        assert f"Trial {trial + 1} of 6" in panel.inner_text()
        for key in "abx":
            page.keyboard.press(key)
        page.wait_for_selector('#trial [data-label="X"][aria-pressed="true"]')
        page.keyboard.press("1" if trial % 2 else "2")
    saved = answers(page, "Save answers as JSON")
    assert saved["model"]["id"] == "98059e9d"
    (session,) = saved["sessions"]
    assert session["test"] == "abx"
    assert session["codecs"] == ["original", "sotto:default"]
    assert [one["answer"] for one in session["answers"]] == ["B", "A"] * 3
    right = sum(one["answer"] == one["x"] for one in session["answers"])
    p = sum(math.comb(6, k) for k in range(right, 7)) / 2**6
    assert session["result"] == {"right": right, "trials": 6, "p": p}
    assert f"{right} of 6 right" in panel.inner_text()
    assert f"p = {p:.3f}" in panel.inner_text()
    assert all(one["plays"] == {"A": 1, "B": 1, "X": 1} and one["seconds"] >= 0 for one in session["answers"])
    assert {one["recording"] for one in session["answers"]} == {f"{number:04d}" for number in range(6)}
    assert 0 <= session["seed"] < 2**32


def test_abx_wants_two_different_ones(page):
    page.locator("#abx-form select[name=b]").select_option("original")
    begin_abx(page, 6)
    assert "Choose two different ones" in page.locator("#abx-form").inner_text()
    assert not page.locator("#trial").is_visible()


def test_rating_to_the_saved_answers(page):
    chosen = ["sotto:default", "codec2:700C", "opus:6"]
    assert page.locator("#mushra-form input:checked").evaluate_all("(all) => all.map((one) => one.value)") == chosen
    page.locator("#mushra-form input[name=pages]").fill("2")
    page.get_by_role("button", name="Begin rating").click()
    panel = page.locator("#trial")
    for number in range(2):
        text = panel.inner_html()
        assert not any(word in text for word in ("sottovoce", "Codec 2", "Opus", "pcm8k", "8 kHz", "codes of"))  # blind
        page.keyboard.press("0")
        last = page.get_by_role("button", name="Finish" if number else "Next recording")
        last.click()
        assert "Not heard yet: 1, 2, 3, 4 and 5." in panel.inner_text()
        for label in range(1, 6):
            page.keyboard.press(str(label))
            page.wait_for_selector(f'#trial [data-label="{label}"][aria-pressed="true"]')
        last.click()
        assert "Not rated yet: 1, 2, 3, 4 and 5." in panel.inner_text()
        for label in range(1, 6):
            page.get_by_label(f"Rating of {label}").focus()
            page.keyboard.press("Home")
            for _ in range(label):
                page.keyboard.press("PageUp")
        last.click()
    (session,) = answers(page, "Save answers as JSON")["sessions"]
    assert session["codecs"] == ["original", "pcm8k", *chosen]
    for answer in session["answers"]:
        assert sorted(one["codec"] for one in answer["ratings"]) == sorted(session["codecs"])
        ratings = [one["rating"] for one in answer["ratings"]]
        assert ratings == sorted(set(ratings))
        assert answer["plays"] == {"original": 1, **{str(label): 1 for label in range(1, 6)}}
    means = session["result"]["means"]
    for codec in session["codecs"]:
        given = [one["rating"] for answer in session["answers"] for one in answer["ratings"] if one["codec"] == codec]
        assert means[codec] == sum(given) / 2
    assert panel.locator("tbody tr").first.get_attribute("data-codec") == max(means, key=means.get)


def test_a_test_goes_on_after_the_page_was_closed(page):
    begin_abx(page, 4)
    page.keyboard.press("x")
    page.keyboard.press("1")
    page.locator("#trial", has_text="Trial 2 of 4").wait_for()
    page.reload()
    assert "1 of 4 done" in page.locator("#resume").inner_text()
    page.get_by_role("button", name="Go on with it").click()
    for trial in range(2, 5):
        page.locator("#trial", has_text=f"Trial {trial} of 4").wait_for()
        page.keyboard.press("x")
        page.keyboard.press("1")
    page.get_by_role("button", name="Close").click()
    assert "1 finished test kept" in page.locator("#kept").inner_text()
    (session,) = answers(page, "Save all answers")["sessions"]
    assert len(session["answers"]) == 4
    page.get_by_role("button", name="Forget them").click()
    page.reload()
    assert page.locator("#kept").inner_text() == ""


def test_a_browser_that_keeps_nothing_is_no_obstacle(opened):
    page = opened('Object.defineProperty(window, "localStorage", {get() { throw new DOMException("no"); }});')
    assert "keeps nothing" in page.locator("#kept").inner_text()
    begin_abx(page, 4)
    for trial in range(1, 5):
        page.locator("#trial", has_text=f"Trial {trial} of 4").wait_for()
        page.keyboard.press("x")
        page.keyboard.press("2")
    assert len(answers(page, "Save answers as JSON")["sessions"][0]["answers"]) == 4


# ---------------------------------------------------------------- for everyone
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(opened, scheme):
    page = opened(viewport={"width": 375, "height": 700}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    page.get_by_role("button", name="Begin rating").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, dark.removeprefix("rgb(").rstrip(")").split(","))) < 200) == (scheme == "dark")


def test_everything_to_operate_has_a_name(page):
    roles = "button, select, input, audio, canvas, meter, progress, [role=img], [role=region]"
    names = page.locator(roles).evaluate_all(
        """(all) => all.filter((one) => !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby")
            || one.textContent.trim() && one.tagName === "BUTTON" || one.labels?.[0]?.textContent.trim()))
            .map((one) => one.outerHTML)"""
    )
    assert names == []


def test_the_figures_print(page):
    page.emulate_media(media="print")
    assert page.locator("#plot svg").is_visible()
    assert page.locator("#table table").is_visible()
    assert not page.locator("#blind").is_visible()
