// The recordings that the flagship codes worst: their figures, and what a recogniser makes of them.

const WORST_FIGURES = ["dwer", "wer", "pesq_wb", "estoi", "speaker"];

function startWorst() {
  const rows = report.worst ?? [];
  byId("worst").hidden = !rows.length;
  if (!rows.length) return;
  const metrics = WORST_FIGURES.map((key) => report.metrics.find((metric) => metric.key === key)).filter(
    (metric) => metric && rows.some(({ figures }) => known(figures[metric.key])),
  );
  const spoken = rows.some(({ decoded }) => decoded);
  const heads = ["Recording", ...metrics.map(({ title }) => title), ...(spoken ? ["Recognised, original above"] : [])];
  const table = byId("worst-table");
  table.querySelector("thead").append(make("tr", {}, ...heads.map((head, index) => make("th", { scope: "col", class: index && index <= metrics.length ? null : "name" }, head))));
  table.querySelector("tbody").append(...rows.map((row) => worstRow(row, metrics, spoken)));
  byId("worst-title").textContent = `Where ${flagship.title} is worst`;
}

function worstRow({ id, figures, original, decoded }, metrics, spoken) {
  const audible = report.examples.includes(id);
  const name = audible ? make("button", { type: "button", class: "link", onclick: () => showExample(id) }, describe(id)) : describe(id);
  const words = spoken ? [make("td", { class: "words" }, make("span", {}, original || "–"), make("span", {}, decoded || "–"))] : [];
  return make(
    "tr",
    {},
    make("th", { scope: "row", class: "name" }, name),
    ...metrics.map(({ key, digits }) => make("td", {}, fixed(figures[key], digits))),
    ...words,
  );
}

/** Show a recording among the examples. */
function showExample(id) {
  byId("example-choice").value = id;
  drawExamples(id);
  byId("examples").scrollIntoView();
}
