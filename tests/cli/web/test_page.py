"""The page in the system's Chromium, driven by playwright, with a recording in place of the microphone."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers import chromium
from helpers.sounds import speech

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

SAMPLES = Path(__file__).parents[3] / "samples"
SAMPLE = SAMPLES / "slt-16k-mono.wav"
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}

PATIENCE = 120_000  # milliseconds: it only ends tests that would hang


@pytest.fixture(scope="module")
def browser():
    expect.set_options(timeout=PATIENCE)
    with chromium.started(playwright, SAMPLE) as browser:
        yield browser


@pytest.fixture
def opening(browser, starting):
    """Opens pages; at the end none may have asked for anything outside or have failed."""
    pages, foreign, failed = [], [], []

    def open_page(limits=None, **how):
        serving = starting(**limits or {})
        context = browser.new_context(permissions=["microphone"], **how)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on(
            "request", lambda request: request.url.startswith((serving.url, "blob:")) or foreign.append(request.url)
        )
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.goto(serving.url)
        page.locator("html[data-ready]").wait_for()
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert (foreign, failed) == ([], [])


def give(page, file):
    page.set_input_files("#file", file)


def ready(page):
    expect(page.locator("#status")).to_have_text("Ready.")


def saved(page, label, folder):
    with page.expect_download() as download:
        page.get_by_label(label).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_record_encode_decode_play(opening, tmp_path):
    page = opening()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator("#record-time")).to_have_text(re.compile(r"^1\.\d"))
    page.get_by_role("button", name="Stop").click()
    ready(page)
    assert page.locator(".card .value").all_inner_texts()[0].endswith("bit/s")
    assert page.locator(".card").count() == 3
    wave, rate = soundfile.read(saved(page, "Save default as WAV", tmp_path))
    assert rate == 16000 and len(wave) > rate and np.abs(wave).max() > 0.01
    page.get_by_label("Play max").click()
    expect(page.get_by_label("Play max")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#decoded .cursor")).to_be_visible()
    expect(page.locator("#decoded small")).to_have_text("max")
    page.get_by_role("button", name="Original").click()
    expect(page.locator("#original .play")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Play max")).to_have_attribute("aria-pressed", "false")


def test_several_files(opening):
    page = opening()
    page.set_input_files("#file", [SAMPLE, SAMPLES / "rms-44k-stereo.flac"])
    ready(page)
    expect(page.locator("#files button")).to_have_text([SAMPLE.name, "rms-44k-stereo.flac"])
    expect(page.locator("#speech-name")).to_contain_text(SAMPLE.name)
    page.get_by_role("button", name="rms-44k-stereo.flac").click()
    expect(page.locator("#speech-name")).to_contain_text("rms-44k-stereo.flac")
    ready(page)
    page.get_by_role("button", name=SAMPLE.name).click()
    expect(page.locator("#speech-name")).to_contain_text(SAMPLE.name)
    expect(page.locator("#files [aria-current]")).to_have_text(SAMPLE.name)
    ready(page)


DROP = """text => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "early.wav"));
    document.body.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
}"""


def test_files_that_come_before_the_scripts_are_not_lost(browser, starting):
    """A file is dropped, and others are chosen, while a script is still on its way."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    held = []
    page.route("**/studio.js", lambda route: held.append(route))
    page.goto(starting().url, wait_until="commit")
    page.locator("#choose").wait_for()
    page.evaluate(DROP, base64.b64encode(SAMPLE.read_bytes()).decode())
    with page.expect_file_chooser() as chooser:
        page.locator("#choose").click()
    chooser.value.set_files(SAMPLES / "rms-44k-stereo.flac")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.locator("#files button")).to_have_text(["rms-44k-stereo.flac", "early.wav"])
    ready(page)
    page.close()


def test_a_file_and_its_sotto(opening, tmp_path):
    page = opening()
    give(page, SAMPLES / "rms-44k-stereo.flac")
    ready(page)
    coded = saved(page, "Save low as .sotto", tmp_path)
    assert coded.name == "rms-44k-stereo.low.sotto"
    assert page.locator("#facts").inner_text().count("bit/s") == 2
    text = base64.b64encode(coded.read_bytes()).decode()
    page.evaluate(
        """text => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "sent.sotto"));
            document.body.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
        }""",
        text,
    )
    expect(page.locator("#speech-name")).to_contain_text("sent.sotto")
    ready(page)
    expect(page.locator("#original")).to_be_hidden()
    expect(page.locator(".card h3")).to_have_text(["low"])
    expect(page.locator("#voice option")).to_have_text(["the speaker’s own", "sent.sotto"])


def test_damage_and_tags_are_shown(opening, sotto, wav):
    page = opening()
    sotto("encode", wav(seconds=10), "--tag", "TITLE=A talk")
    data = bytearray(Path("talk.sotto").read_bytes())
    data[len(data) // 2] ^= 1
    Path("talk.sotto").write_bytes(data)
    give(page, Path("talk.sotto").resolve())
    ready(page)
    expect(page.locator("#tags")).to_have_text("TITLE: A talk")
    expect(page.locator("#damage")).to_contain_text("Damaged: 1 of 5 blocks damaged")
    expect(page.locator("#working")).to_be_hidden()


def test_work_is_cancelled(opening, wav):
    page = opening()
    page.route("**/api/encode*", lambda route: None)  # never answered
    give(page, SAMPLE)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_have_text("Cancelled.")
    expect(page.locator("#working")).to_be_hidden()


def test_rates_are_in_the_menu(opening):
    expect(opening().locator("#live-preset option").nth(1)).to_have_text(re.compile(r"default, \d+\sbit/s"))


def test_what_only_the_browser_can_read(opening):
    page = opening()
    webm = page.evaluate(
        """async () => {
            const recorder = new MediaRecorder(await navigator.mediaDevices.getUserMedia({audio: true}));
            const data = new Promise((done) => (recorder.ondataavailable = ({data}) => done(data)));
            recorder.start();
            await new Promise((done) => setTimeout(done, 600));
            recorder.stop();
            const bytes = new Uint8Array(await (await data).arrayBuffer());
            return btoa(String.fromCharCode(...bytes));
        }"""
    )
    give(page, {"name": "talk.webm", "mimeType": "audio/webm", "buffer": base64.b64decode(webm)})
    ready(page)
    expect(page.locator("#original")).to_be_visible()


def test_bad_files_are_told_and_the_page_goes_on(opening, tmp_path):
    page = opening(limits={"sound_bytes": 100_000, "seconds": 3})
    (tmp_path / "notes.txt").write_text("no sound " * 100)
    give(page, tmp_path / "notes.txt")
    expect(page.get_by_role("alert").first).to_have_text(
        "No sound that can be read (Format not recognised). Give a recording such as WAV, FLAC, Ogg or MP3."
    )
    (tmp_path / "broken.sotto").write_bytes(b"\x89STO\x01")
    give(page, tmp_path / "broken.sotto")
    expect(page.locator("#problem")).not_to_contain_text("No sound")
    expect(page.locator("#problem")).not_to_be_empty()
    (tmp_path / "large.wav").write_bytes(bytes(100_001))
    give(page, tmp_path / "large.wav")
    expect(page.locator("#problem")).to_contain_text("A file of more than 97.65625 KiB.")
    soundfile.write(tmp_path / "long.flac", speech(4), 16000)
    give(page, tmp_path / "long.flac")
    expect(page.locator("#problem")).to_contain_text("More than 3 seconds of speech.")
    give(page, SAMPLE)
    ready(page)
    expect(page.locator("#problem")).to_be_empty()


def test_another_speed_in_another_voice(opening):
    page = opening()
    asked = []
    page.on("request", lambda request: "/api/decode" in request.url and asked.append(request.url))
    give(page, SAMPLE)
    ready(page)
    page.set_input_files("#lender", SAMPLES / "rms-44k-stereo.flac")
    expect(page.locator("#decoded small")).to_have_text("default, voice of rms-44k-stereo.flac")
    page.locator("#speed").fill("1.5")
    expect(page.locator("#speed-shown")).to_have_text("1.50×")
    expect(page.locator("#decoded small")).to_have_text("default, 1.50×, voice of rms-44k-stereo.flac")
    assert [re.search(r"speed=(.*?)&voice=([0-9a-f]*)$", url).groups()[0] for url in asked] == ["1", "1", "1.5"]
    assert asked[0].endswith("voice=") and not asked[1].endswith("voice=")


def test_live(opening):
    page = opening()
    page.evaluate(  # listens to what goes to the loudspeaker
        """() => {
            const connect = AudioNode.prototype.connect;
            AudioNode.prototype.connect = function (to, ...more) {
                if (to instanceof AudioDestinationNode) {
                    window.heard = new AnalyserNode(this.context, {fftSize: 8192});
                    connect.call(this, window.heard);
                }
                return connect.call(this, to, ...more);
            };
        }"""
    )
    page.locator("#live").get_by_role("button", name="Start").click()
    expect(page.locator("[data-meter=delay]")).to_have_text(re.compile(r"^\d+\sms$"))
    expect(page.locator("[data-meter=packets]")).to_have_text(re.compile(r"^[2-9]\d$"))
    expect(page.locator("[data-meter=rate]")).to_have_text(re.compile(r"^\d.*bit/s$"))
    delay = int(re.match(r"\d+", page.locator("[data-meter=delay]").inner_text()).group())
    assert 60 < delay < 1500
    loudest = 0
    for _ in range(20):
        loudest = max(
            loudest,
            page.evaluate(
                """() => {
                    const wave = new Float32Array(8192);
                    window.heard.getFloatTimeDomainData(wave);
                    return Math.max(...wave.map(Math.abs));
                }"""
            ),
        )
        page.wait_for_timeout(50)
        if loudest > 0.01:
            break
    assert loudest > 0.01
    page.locator("#live").get_by_role("button", name="Stop").click()
    expect(page.locator("#live-status")).to_have_text("Stopped.")
    expect(page.locator("#live-preset")).to_be_enabled()


def test_live_sessions_that_the_server_ends_are_told(opening):
    page = opening(limits={"sessions": 0})
    page.locator("#live").get_by_role("button", name="Start").click()
    expect(page.locator("#live-problem")).to_contain_text("All live sessions are taken; try again later.")
    expect(page.locator("#live-toggle")).to_have_text("Start")


def test_the_keyboard_is_enough(opening):
    page = opening()

    def go_to(selector):
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                assert page.locator(":focus").evaluate("element => element.matches(':focus-visible')")
                return
        raise AssertionError(f"{selector} is never reached")

    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to your speech"
    go_to("#record")
    page.keyboard.press("Space")
    expect(page.locator("#record-time")).to_have_text(re.compile(r"^0\.[5-9]|^[1-9]"))
    page.keyboard.press("Space")
    ready(page)
    go_to("#original .play")
    page.keyboard.press("Enter")
    expect(page.locator("#original .play")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    go_to("#decoded input")
    page.keyboard.press("End")
    expect(page.locator("#decoded .cursor")).to_be_visible()
    go_to("#speed")
    go_to("#live-toggle")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select")]
            .filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map((e) => e.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("light", {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"}),
        ("dark", {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"}),
        ("phone", PHONE),
    ],
)
def test_looks(opening, tmp_path, name, how):
    page = opening(**how)
    give(page, SAMPLE)
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") == how["viewport"]["width"]
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper))) < 200) == (name == "dark")
    sharpness = page.evaluate(
        "() => {const c = document.querySelector('#decoded .spectrogram'); return c.width / c.clientWidth;}"
    )
    assert sharpness == pytest.approx(how.get("device_scale_factor", 1), rel=0.01)
    page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
    assert (tmp_path / f"{name}.png").stat().st_size > 50_000
