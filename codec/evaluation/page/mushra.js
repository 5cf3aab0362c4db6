// Rating after ITU-R BS.1534 (MUSHRA): several unnamed at once against the known original, 0 to 100, with the original
// and a narrow-band anchor hidden among them.

const ANCHOR = "pcm8k";
const MOST = 7; // codecs, so that with both hidden ones each has a digit as its key
const SCALE = ["bad", "poor", "fair", "good", "excellent"];
const FIRM = 90; // what the standard expects of the hidden original

const hidden = ["original", ANCHOR].filter((name) => audibleCodecs.some((codec) => codec.name === name));

function startMushra() {
  const form = byId("mushra-form");
  const preset = new Set(suggested());
  const boxes = audibleCodecs
    .filter((codec) => !hidden.includes(codec.name))
    .map(({ name, title }) =>
      make("label", {}, make("input", { type: "checkbox", name: "codec", value: name, checked: preset.has(name) }), title),
    );
  form.querySelector(".checks div").append(...boxes);
  Object.assign(form.pages, { max: report.examples.length, value: report.examples.length });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = [...form.querySelectorAll("input[name=codec]:checked")].map(({ value }) => value);
    const names = [...hidden, ...chosen];
    const shared = report.examples.filter((id) => names.every((name) => canHear(id, name)));
    const fits = chosen.length >= 1 && chosen.length <= MOST;
    const problem = !fits ? `Choose one to ${MOST} codecs.` : shared.length ? "" : "No recording has all of these.";
    form.querySelector(".problem").textContent = problem;
    if (problem) return;
    runSession(newSession("mushra", { codecs: names, recordings: shared, pages: Number(form.pages.value) }));
  });
}

/** Ours and, of each other family, the lowest rate that isn't below it. */
function suggested() {
  const names = flagship ? [flagship.name] : [];
  const floor = flagship?.file_bit_rate ?? 0;
  const others = audibleCodecs.filter((codec) => isOther(codec) && codec.file_bit_rate >= floor);
  for (const family of new Set(others.map((codec) => codec.family))) {
    const members = others.filter((codec) => codec.family === family);
    names.push(members.reduce((one, other) => (other.file_bit_rate < one.file_bit_rate ? other : one)).name);
  }
  return names.slice(0, MOST);
}

const inWords = (rating) => SCALE[Math.min(4, Math.floor(rating / 20))];

tests.mushra = {
  /** Recordings and, for each, codecs in an order of its own. */
  plan({ seed, recordings: ids, codecs: names, pages }) {
    const draw = dice(seed);
    const chosen = shuffled(ids, draw).slice(0, pages);
    return chosen.map((recording) => ({ recording, order: shuffled(names, draw) }));
  },

  show(session) {
    const plan = this.plan(session);
    const number = session.answers.length;
    const { recording, order } = plan[number];
    const sliders = order.map((_, index) => slider(index + 1));
    const rows = order.map((codec, index) => {
      const label = String(index + 1);
      const button = playButton(label, label, session, recording, codec, true);
      return make("div", { class: "rating" }, button, sliders[index].input, sliders[index].output);
    });
    const done = () => {
      const open = sliders.flatMap(({ input }, index) => (input.dataset.touched ? [] : [String(index + 1)]));
      const unheard = order.flatMap((_, index) => (plays[index + 1] ? [] : [String(index + 1)]));
      if (unheard.length) byId("trial-status").textContent = `Not heard yet: ${listed(unheard)}.`;
      else if (open.length) byId("trial-status").textContent = `Not rated yet: ${listed(open)}.`;
      else {
        const ratings = order.map((codec, index) => ({ label: String(index + 1), codec, rating: Number(sliders[index].input.value) }));
        answer(session, { recording, ratings });
      }
    };
    const last = number + 1 === plan.length;
    showPanel(
      `Recording ${number + 1} of ${plan.length}`,
      progress(session),
      make("p", {}, "Rate each against the original. One of them is the original itself: it belongs at 100."),
      make("div", { class: "plays" }, playButton("original", "0", session, recording, "original", true)),
      make("div", { class: "scale", "aria-hidden": true }, ...SCALE.map((word) => make("span", {}, word))),
      ...rows,
      make(
        "div",
        { class: "actions" },
        make("button", { type: "button", class: "main", onclick: done }, last ? "Finish" : "Next recording"),
        make("button", { type: "button", onclick: () => deck.stop() }, "Stop sound"),
        pauseButton(),
      ),
      make("p", { class: "problem", role: "status", id: "trial-status" }),
      keyHelp("0", "original", `1 – ${order.length}`.replaceAll(" ", "\u00a0"), "play", "Tab", "to a slider", "← →", "rate", "Esc", "stop"),
    );
  },

  result({ codecs: names, answers }) {
    const rows = names.map((codec) => {
      const ratings = answers.map(({ ratings: all }) => all.find((one) => one.codec === codec).rating);
      return { codec, mean: ratings.reduce((sum, one) => sum + one, 0) / ratings.length, low: Math.min(...ratings), high: Math.max(...ratings) };
    });
    rows.sort((one, other) => other.mean - one.mean);
    const firm = answers.filter(({ ratings }) => ratings.find((one) => one.codec === "original").rating >= FIRM).length;
    return {
      title: "Your ratings",
      parts: [
        make("table", { class: "result" },
          make("thead", {}, make("tr", {}, ...["codec", "mean", "lowest–highest", ""].map((head) => make("th", { scope: "col" }, head)))),
          make("tbody", {}, ...rows.map(resultRow)),
        ),
        make("p", {}, `You gave the hidden original ${FIRM} or more in ${firm} of ${answers.length}. The standard leaves out listeners who don't in more than 15 % of theirs.`),
      ],
      summary: { means: Object.fromEntries(rows.map(({ codec, mean }) => [codec, mean])), original_found: firm, pages: answers.length },
    };
  },
};

function resultRow({ codec, mean, low, high }) {
  const name = codec === "original" ? "original (hidden)" : codec === ANCHOR ? `${titleOf(codec)} (anchor)` : titleOf(codec);
  const family = codecs.has(codec) ? tone(codecs.get(codec)) : null;
  return make(
    "tr",
    { "data-codec": codec, "data-family": family },
    make("th", { scope: "row" }, name),
    make("td", {}, mean.toFixed(0)),
    make("td", {}, `${low}–${high}`),
    make("td", {}, make("meter", { min: 0, max: 100, value: mean, "aria-label": `Mean rating of ${name}` })),
  );
}

/** A slider that counts only once it was touched. */
function slider(label) {
  const output = make("output", {}, "–");
  const input = make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": `Rating of ${label}`, "aria-valuetext": "not rated" });
  const rate = () => {
    input.dataset.touched = "yes";
    input.setAttribute("aria-valuetext", `${input.value}, ${inWords(Number(input.value))}`);
    output.textContent = input.value;
  };
  for (const event of ["input", "change", "pointerup"]) input.addEventListener(event, rate);
  return { input, output };
}
