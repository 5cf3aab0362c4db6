// Examples: of one recording, what each codec made of it, to see and to hear.

const SHOWN_SCORES = ["pesq_wb", "estoi", "per"];
const VOICES = {
  children: { f: "girl", m: "boy", "": "child" },
  adults: { f: "woman", m: "man", "": "adult" },
  "": { f: "female voice", m: "male voice" }, // of an age that isn't known
};

/** "librispeech 3436, male voice, 6.0 s" */
function describe(id) {
  const { corpus, speaker, gender, age, generation, seconds } = recordings.get(id);
  const voices = VOICES[generation];
  const who = voices[gender] ?? voices[""];
  const years = generation === "children" ? `${Number(age)} years` : "";
  return [[corpus, speaker].filter(Boolean).join(" ") || id, who, years, `${seconds.toFixed(1)} s`].filter(Boolean).join(", ");
}

let watcher;

function startExamples() {
  const section = byId("examples");
  if (!report.examples.length) {
    section.hidden = byId("blind").hidden = true;
    return;
  }
  const choice = byId("example-choice");
  choice.append(...report.examples.map((id) => make("option", { value: id }, describe(id))));
  choice.addEventListener("change", () => drawExamples(choice.value));
  const left = report.left_out.length ? ` Left out to keep this file small: ${listed(report.left_out)}.` : "";
  byId("examples-note").textContent =
    "What the metrics heard: 16 kHz, aligned and at the original's level, from 0 to 8 kHz and over 75 dB. " +
    (report.worst?.length ? "The worst come first; the others were chosen" : "Recordings were chosen") +
    ` by speaker, corpus, age and gender, not by their scores; longer ones end after six seconds.${left}`;
  watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) fillCard(target);
  }, { rootMargin: "200px" });
  section.addEventListener("play", ({ target }) => quiet(target), true); // play doesn't bubble
  drawExamples(choice.value);
}

/** Stop all players but one. */
function quiet(except) {
  for (const audio of document.querySelectorAll("audio")) if (audio !== except) audio.pause();
}

function drawExamples(id) {
  watcher.disconnect();
  const heard = audibleCodecs.filter((codec) => canHear(id, codec.name));
  const rows = [
    ["", heard.filter((codec) => codec.name === "original" || isOurs(codec))],
    ["Other codecs", heard.filter(isOther)],
    ["Analysis", heard.filter(isAnalysis)],
    ["Anchors", heard.filter((codec) => isAnchor(codec) && codec.name !== "original")],
  ];
  byId("cards").replaceChildren();
  for (const [title, row] of rows) {
    if (!row.length) continue;
    row.sort((one, other) => (other.name === "original") - (one.name === "original"));
    const cards = make("div", { class: "cards" }, ...row.map((codec) => card(id, codec)));
    byId("cards").append(...(title ? [make("h3", {}, title)] : []), cards);
  }
  for (const element of document.querySelectorAll(".card")) watcher.observe(element);
}

function card(id, codec) {
  const name = `card-${codec.name.replace(/\W/g, "-")}`;
  const rate = isAnchor(codec) ? "" : `${bits(codec.file_bit_rate)} bit/s`;
  const scores = report.metrics
    .filter(({ key }) => SHOWN_SCORES.includes(key) && codec.name !== "original" && known(codec.scores[id]?.[key]))
    .map((metric) => `${metricName(metric)} ${quantity(metric, codec.scores[id][metric.key])}`);
  return make(
    "article",
    { class: "card", "data-recording": id, "data-codec": codec.name, "data-family": tone(codec), "aria-labelledby": name },
    make("h4", { id: name }, codec.title, make("small", {}, rate)),
    make(
      "div",
      { class: "picture" },
      make("canvas", { role: "img", "aria-label": `Spectrogram: ${codec.title}`, width: 4, height: 3 }),
      make("div", { class: "cursor", hidden: true }),
    ),
    make("audio", { controls: true, preload: "none", "aria-label": codec.title }),
    make("p", { class: "scores" }, scores.join(" · ")),
  );
}

/** Give a card its sound and picture, when it is about to be seen. */
function fillCard(element) {
  watcher.unobserve(element);
  const { recording, codec } = element.dataset;
  const audio = element.querySelector("audio");
  const cursor = element.querySelector(".cursor");
  Object.assign(audio, { preload: "metadata", src: clipAddress(recording, codec) });
  const follow = () => {
    cursor.hidden = audio.currentTime === 0;
    cursor.style.left = `${(100 * audio.currentTime) / audio.duration}%`;
    if (!audio.paused) requestAnimationFrame(follow);
  };
  audio.addEventListener("play", follow);
  audio.addEventListener("seeked", follow);
  audio.addEventListener("ended", () => (cursor.hidden = true));
  drawSpectrogram(element.querySelector("canvas"), recording, codec);
}
