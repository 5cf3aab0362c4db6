// ABX: which of two is the third? (W. A. Munson and M. B. Gardner, 1950; here one listens as often as one likes.)

function startAbx() {
  const form = byId("abx-form");
  const options = () => audibleCodecs.map((codec) => make("option", { value: codec.name }, codec.title));
  form.a.append(...options());
  form.b.append(...options());
  form.a.value = "original";
  form.b.value = (flagship ?? audibleCodecs.find((codec) => codec.name !== "original")).name;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const names = [form.a.value, form.b.value];
    const shared = report.examples.filter((id) => names.every((name) => canHear(id, name)));
    const problem = names[0] === names[1] ? "Choose two different ones." : shared.length ? "" : "No recording has both.";
    form.querySelector(".problem").textContent = problem;
    if (problem) return;
    runSession(newSession("abx", { codecs: names, recordings: shared, trials: Number(form.trials.value) }));
  });
}

tests.abx = {
  /** Recordings in turn, each round in an order of its own; X by a coin. */
  plan({ seed, recordings: ids, trials }) {
    const draw = dice(seed);
    const order = [];
    while (order.length < trials) order.push(...shuffled(ids, draw));
    return order.slice(0, trials).map((recording) => ({ recording, x: draw() < 0.5 ? "A" : "B" }));
  },

  show(session) {
    const [a, b] = session.codecs;
    const number = session.answers.length;
    const { recording, x } = this.plan(session)[number];
    const button = (label, codec) => playButton(label, label, session, recording, codec);
    const choose = (chosen) => () => {
      if (plays.X) answer(session, { recording, x, answer: chosen, right: chosen === x });
      else byId("trial-status").textContent = "Listen to X first.";
    };
    keys["1"] = choose("A");
    keys["2"] = choose("B");
    showPanel(
      `Trial ${number + 1} of ${session.trials}`,
      progress(session),
      make("p", {}, `A is ${titleOf(a)}, B is ${titleOf(b)}. Which of them is X?`),
      make("div", { class: "plays" }, button("A", a), button("B", b), button("X", x === "A" ? a : b)),
      make(
        "div",
        { class: "actions" },
        make("button", { type: "button", class: "main", onclick: choose("A"), "aria-keyshortcuts": "1" }, "X is A"),
        make("button", { type: "button", class: "main", onclick: choose("B"), "aria-keyshortcuts": "2" }, "X is B"),
        pauseButton(),
      ),
      make("p", { class: "problem", role: "status", id: "trial-status" }),
      keyHelp("A B X", "play", "1", "X is A", "2", "X is B", "Esc", "stop"),
    );
  },

  result({ codecs: [a, b], answers }) {
    const right = answers.filter((answer) => answer.right).length;
    const p = guessing(right, answers.length);
    const verdict =
      p < 0.05
        ? "That is hardly chance: you can tell them apart."
        : "That may be chance. It doesn't show that they sound alike, only that these trials didn't tell them apart.";
    return {
      title: `${right} of ${answers.length} right`,
      parts: [
        make("p", {}, `${titleOf(a)} against ${titleOf(b)}. Guessing does at least as well with a probability of p = ${p.toFixed(3)}. ${verdict}`),
        make("ol", { class: "marks", "aria-label": "Trials" }, ...answers.map((answer) => make("li", { class: answer.right ? "right" : "wrong" }, answer.right ? "right" : "wrong"))),
      ],
      summary: { right, trials: answers.length, p },
    };
  },
};

/** keyHelp("A", "play", …): which keys do what. */
function keyHelp(...pairs) {
  const line = make("p", { class: "keys" });
  for (let at = 0; at < pairs.length; at += 2) {
    const caps = pairs[at].split(" ").map((cap) => make("kbd", {}, cap));
    line.append(make("span", {}, ...caps, ` ${pairs[at + 1]}`), " ");
  }
  return line;
}
