"""The page in a browser: the system's Chromium, driven by playwright."""

import copy

import pytest
from helpers.report_page import column, written

SECONDS = 2.0


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


# ---------------------------------------------------------------- conditions, published figures, the worst
def test_conditions_are_hidden_where_there_are_none(page):
    assert not page.locator("#conditions").is_visible()
    assert not page.get_by_role("link", name="Conditions").is_visible()
    assert not page.locator("#worst").is_visible()  # all recordings are alike


def test_conditions_have_curves_and_a_table(opened, hard_report):
    page = opened(address=written(*hard_report, "hard.html"))
    heads = page.locator("#condition-table thead th")
    assert heads.all_inner_texts() == ["Codec", "0", "5", "10", "none"]
    assert page.locator("#condition-metric").get_by_role("radio", name="dWER").is_checked()
    row = page.locator("#condition-table tbody tr", has_text="sottovoce default").locator("td")
    assert [text.split("\n")[0] for text in row.all_inner_texts()] == ["45.0", "34.3", "32.5", "9.0"]
    assert page.locator("#condition-plot polyline").count() == 8
    page.get_by_role("radio", name="the degraded recording").evaluate("(radio) => radio.click()")
    assert heads.all_inner_texts() == ["Codec", "0", "5", "10"]  # there is none without the condition
    page.locator("#kind-choice").select_option("packet loss in bursts of 3 packets")
    assert not page.locator("#condition-against").is_visible()
    assert heads.all_inner_texts() == ["Codec", "0", "10"]
    assert page.locator("#condition-table tbody tr").count() == 3  # those that conceal losses
    page.locator("#kind-choice").select_option("telephone band")
    assert heads.all_inner_texts() == ["Codec", "telephone band", "none"]


def test_published_figures_are_rings(opened, hard_report):
    page = opened(address=written(*hard_report, "hard.html"))
    assert "published, not run here" in page.locator("#legend").inner_text()
    assert page.locator("#plot .published").count() == 15
    page.get_by_role("img", name="BigCodec, published:").focus()
    tip = page.locator("#tip").inner_text()
    assert "PESQ-WB 2.68, published, not run here" in tip
    assert "arXiv 2409.05377" in tip
    assert "Rings are figures on LibriSpeech test-clean" in page.locator("#plot-caption").inner_text()
    page.get_by_role("group", name="Metric").get_by_role("radio", name="MCD").evaluate("(radio) => radio.click()")
    assert page.locator("#plot .published").count() == 0


def test_the_worst_recordings_come_first(opened, hard_report):
    page = opened(address=written(*hard_report, "hard.html"))
    rows = page.locator("#worst-table tbody tr")
    assert rows.count() == 6
    first = rows.first.inner_text()
    assert "14.0" in first  # dWER
    assert "words of original 5" in first
    assert "words of sotto:default 5" in first
    assert page.locator(".card").first.get_attribute("data-recording") == "0005"
    rows.nth(1).get_by_role("button").click()
    assert page.locator(".card").first.get_attribute("data-recording") == "0004"
    assert "The worst come first" in page.locator("#examples-note").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_conditions_fit_a_phone(opened, hard_report, scheme):
    page = opened(
        address=written(*hard_report, "hard.html"), viewport={"width": 375, "height": 700}, color_scheme=scheme
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 375


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
