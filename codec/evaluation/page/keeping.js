// Answers: kept in this browser where it allows that, and saved as a file.

const SHELF = `sottovoce/${report.model?.id}/${report.examples.map((id) => recordings.get(id).crc32).join("-")}`;
const kept = { finished: [], unfinished: null, works: true };

function recall() {
  try {
    const { finished = [], unfinished = null } = JSON.parse(localStorage.getItem(SHELF) ?? "{}");
    const playable = (id) => unfinished.codecs.every((name) => canHear(id, name));
    Object.assign(kept, { finished, unfinished: unfinished?.recordings.every(playable) ? unfinished : null });
  } catch {
    kept.works = false; // pages from a file may have no storage: then the file that one saves is all
  }
}

function keep() {
  try {
    const { finished, unfinished } = kept;
    localStorage.setItem(SHELF, JSON.stringify({ finished, unfinished }));
  } catch {
    kept.works = false;
  }
}

/** Offer something as a file. */
function saveFile(name, data) {
  const blob = new Blob([`${JSON.stringify(data, null, 1)}\n`], { type: "application/json" });
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** What a file of answers says besides them. */
const answersFile = (sessions) => ({ format: 1, model: report.model, versions: report.versions, sessions });
const stamp = (session) => session.begun.slice(0, 19).replace(/\D/g, "");
const saveSession = (session) => saveFile(`sottovoce-${session.test}-${stamp(session)}.json`, answersFile([session]));

function drawKept() {
  const count = kept.finished.length;
  const forget = () => {
    kept.finished = [];
    keep();
    drawKept();
  };
  byId("kept").replaceChildren();
  if (!kept.works) {
    byId("kept").append(make("p", { class: "note" }, "This browser keeps nothing for this page: save your answers when you finish a test."));
  } else if (count) {
    byId("kept").append(
      make("p", { class: "note" }, `${plural(count, "finished test")} kept in this browser.`),
      make(
        "div",
        { class: "actions" },
        make("button", { type: "button", onclick: () => saveFile("sottovoce-answers.json", answersFile(kept.finished)) }, "Save all answers"),
        make("button", { type: "button", onclick: forget }, "Forget them"),
      ),
    );
  }
}
