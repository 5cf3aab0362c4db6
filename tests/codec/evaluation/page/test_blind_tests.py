"""The blind tests of the page, ABX and rating, in a browser."""

import math
from typing import Any

from helpers.report_page import answers


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
