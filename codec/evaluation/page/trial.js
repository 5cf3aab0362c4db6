// What both blind tests share: the panel they run in, play buttons, keys, and how they begin, go on and end.

const panel = byId("trial");
const tests = {}; // by name: {plan(session), show(session), result(session)}

const deck = new Deck((label) => {
  for (const button of panel.querySelectorAll("button[data-label]")) {
    button.setAttribute("aria-pressed", String(button.dataset.label === label));
  }
});

let keys = {}; // what a key does in the trial that is shown
let plays = {}; // how often each label was played in it
let shownAt = 0;

function startTrials() {
  recall();
  panel.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const action = event.key === "Escape" ? () => deck.stop() : keys[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
  startAbx();
  startMushra();
  drawResume();
  drawKept();
}

/** Begin a test, or go on with one. */
function runSession(session) {
  kept.unfinished = session;
  keep();
  quiet(null);
  byId("tests").hidden = true;
  byId("resume").replaceChildren();
  byId("kept").replaceChildren();
  panel.hidden = false;
  nextTrial(session);
}

function nextTrial(session) {
  deck.stop();
  keys = {};
  plays = {};
  if (session.answers.length < tests[session.test].plan(session).length) {
    tests[session.test].show(session);
    shownAt = performance.now();
  } else {
    finish(session);
  }
}

/** Keep an answer, with how often each was played and how long it took, and go on. */
function answer(session, given) {
  session.answers.push({ ...given, plays, seconds: Math.round((performance.now() - shownAt) / 100) / 10 });
  keep();
  nextTrial(session);
}

function finish(session) {
  session.finished = new Date().toISOString();
  const { title, parts, summary } = tests[session.test].result(session);
  session.result = summary;
  kept.finished.push(session);
  kept.unfinished = null;
  keep();
  showPanel(
    title,
    ...parts,
    make(
      "div",
      { class: "actions" },
      make("button", { type: "button", class: "main", onclick: () => saveSession(session) }, "Save answers as JSON"),
      make("button", { type: "button", onclick: closePanel }, "Close"),
    ),
  );
}

/** Show something in the panel and put the focus on its title. */
function showPanel(title, ...children) {
  const heading = make("h3", { tabindex: -1 }, title);
  panel.replaceChildren(heading, ...children);
  heading.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest" });
}

function closePanel() {
  deck.stop();
  panel.hidden = true;
  byId("tests").hidden = false;
  drawResume();
  drawKept();
  byId("tests").querySelector("select").focus({ preventScroll: true });
}

function playButton(label, key, session, recording, codec, together) {
  const play = () => {
    plays[label] = (plays[label] ?? 0) + 1;
    deck.play(label, recording, codec, together);
  };
  if (key) keys[key.toLowerCase()] = play;
  const attributes = { type: "button", class: "play", "data-label": label, "aria-pressed": "false", "aria-keyshortcuts": key };
  return make("button", { ...attributes, "aria-label": `Play ${label}`, onclick: play }, label);
}

const progress = (session) => {
  const all = tests[session.test].plan(session).length;
  return make("progress", { max: all, value: session.answers.length, "aria-label": "Part of the test that is done" });
};

const pauseButton = () =>
  make("button", { type: "button", onclick: closePanel, title: "Answers so far are kept" }, "Pause");

function drawResume() {
  const session = kept.unfinished;
  byId("resume").replaceChildren();
  if (!session) return;
  const done = `${session.answers.length} of ${tests[session.test].plan(session).length}`;
  const drop = () => {
    kept.unfinished = null;
    keep();
    drawResume();
  };
  byId("resume").append(
    make("p", { class: "note" }, `A test begun ${new Date(session.begun).toLocaleString()} isn't finished: ${done} done.`),
    make(
      "div",
      { class: "actions" },
      make("button", { type: "button", class: "main", onclick: () => runSession(session) }, "Go on with it"),
      make("button", { type: "button", onclick: drop }, "Drop it"),
    ),
  );
}

function newSession(test, details) {
  return { test, seed: newSeed(), begun: new Date().toISOString(), ...details, answers: [] };
}
