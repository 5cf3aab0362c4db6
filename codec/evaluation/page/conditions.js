// Conditions: for each kind, a line for each codec from the hardest condition to none, and the figures as a table.

const conditions = report.conditions ?? [];
const kindsOfConditions = [...new Set(conditions.map(({ kind }) => kind))];
const harder = { kind: kindsOfConditions[0], metric: null, against: "means" };
const AGAINST = [["means", "the clean recording"], ["degraded", "the degraded recording"]];

function startConditions() {
  const section = byId("conditions");
  byId("conditions-link").hidden = section.hidden = !conditions.length;
  if (!conditions.length) return;
  const kinds = byId("kind-choice");
  kinds.append(...kindsOfConditions.map((kind) => make("option", { value: kind }, kind)));
  kinds.addEventListener("change", () => {
    harder.kind = kinds.value;
    chooseAgainst();
  });
  byId("condition-metric").addEventListener("change", ({ target }) => {
    harder.metric = report.metrics.find(({ key }) => key === target.value);
    drawConditions();
  });
  byId("condition-against").addEventListener("change", ({ target }) => {
    harder.against = target.value;
    chooseMetrics();
  });
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width !== width) {
      width = contentRect.width;
      drawConditions();
    }
  }).observe(byId("condition-plot"));
  chooseAgainst();
}

const conditionsOfKind = () => conditions.filter(({ kind }) => kind === harder.kind);

/** Radio buttons in a fieldset, the chosen one checked. */
function pills(fieldset, name, choices, chosenValue) {
  for (const label of fieldset.querySelectorAll("label")) label.remove();
  for (const [value, title] of choices) {
    const radio = make("input", { type: "radio", name, value, checked: value === chosenValue });
    fieldset.append(make("label", {}, radio, make("span", {}, title)));
  }
}

function chooseAgainst() {
  const degrades = conditionsOfKind().some(({ codecs }) => codecs.some(({ degraded }) => Object.keys(degraded).length));
  if (!degrades) harder.against = "means";
  byId("condition-against").hidden = !degrades;
  pills(byId("condition-against"), "against", AGAINST, harder.against);
  chooseMetrics();
}

function chooseMetrics() {
  const measured = report.metrics.filter(({ key }) =>
    conditionsOfKind().some((condition) => condition.codecs.some((codec) => codec[harder.against][key])),
  );
  if (!measured.includes(harder.metric)) harder.metric = measured.find(({ key }) => key === "dwer") ?? measured[0];
  pills(byId("condition-metric"), "condition-metric", measured.map(({ key, title }) => [key, title]), harder.metric?.key);
  drawConditions();
}

/** The places on the axis from the hardest condition to none, and each codec's figures there. */
function conditionSeries() {
  const places = conditionsOfKind().map((condition) => ({
    title: known(condition.value) ? String(condition.value) : condition.title,
    hint: condition.title,
    figures: new Map(condition.codecs.map((codec) => [codec.name, codec[harder.against][harder.metric.key]])),
  }));
  const { clean, unit } = conditionsOfKind()[0];
  const none = {
    title: known(clean) ? String(clean) : "none",
    hint: "without the condition",
    figures: new Map(report.codecs.map((codec) => [codec.name, codec.means[harder.metric.key]])),
  };
  if (known(clean)) places.unshift(none);
  else places.push(none);
  const shown = report.codecs.filter((codec) => places.some((place) => place !== none && place.figures.get(codec.name)));
  return { places: harder.against === "means" ? places : places.filter((place) => place !== none), shown, unit };
}

function drawConditions() {
  if (!harder.metric) return;
  const { places, shown, unit } = conditionSeries();
  drawConditionPlot(places, shown, unit);
  drawConditionTable(places, shown);
  byId("condition-caption").textContent =
    `${metricName(harder.metric)} (${harder.metric.better === "more" ? "higher" : "lower"} is better), compared with ` +
    `${AGAINST.find(([key]) => key === harder.against)[1]}. The codec's input is the degraded recording; ` +
    "“original” is that input without a codec. Small figures are 95 % intervals.";
}

function drawConditionPlot(places, shown, unit) {
  const picture = byId("condition-plot").querySelector("svg");
  const width = Math.max(300, byId("condition-plot").clientWidth);
  const small = width < 600;
  const height = small ? 340 : 400;
  const box = { left: 44, right: width - (small ? 112 : 150), top: 34, bottom: height - 44 };
  const series = shown.map((codec) => ({ codec, figures: places.map(({ figures }) => figures.get(codec.name) ?? null) }));
  const ticks = niceTicks(extent(series.flatMap(({ figures }) => figures.filter(Boolean).map((figure) => ({ figure })))));
  const x = (index) => box.left + 20 + (places.length > 1 ? (index / (places.length - 1)) * (box.right - box.left - 40) : 0);
  const y = (value) => box.bottom - ((value - ticks[0]) / (ticks.at(-1) - ticks[0])) * (box.bottom - box.top);
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.setAttribute("aria-label", `${harder.metric.title}, ${harder.kind}`);
  picture.replaceChildren(conditionGrid(places, ticks, x, y, box, unit));
  for (const one of [...series].sort((a, b) => isOurs(a.codec) - isOurs(b.codec))) picture.append(conditionLine(one, x, y));
  labelLines(picture, series, x, y, box);
}

function conditionGrid(places, ticks, x, y, box, unit) {
  const digits = Math.max(0, ...ticks.map((tick) => (String(tick).split(".")[1] ?? "").length));
  const grid = draw("g", { class: "grid", "aria-hidden": true });
  for (const tick of ticks) {
    grid.append(
      draw("line", { x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
      draw("text", { x: box.left - 8, y: y(tick), dy: "0.35em", "text-anchor": "end" }, tick.toFixed(digits)),
    );
  }
  for (const [index, { title }] of places.entries()) {
    grid.append(draw("text", { x: x(index), y: box.bottom + 20, "text-anchor": "middle" }, title));
  }
  grid.append(
    draw("text", { x: 0, y: 12, class: "title" }, harder.metric.title),
    draw("line", { x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom, class: "tick" }),
    draw("text", { x: (box.left + box.right) / 2, y: box.bottom + 38, "text-anchor": "middle" }, unit || harder.kind),
  );
  return grid;
}

function conditionLine({ codec, figures }, x, y) {
  const corners = figures.flatMap((figure, index) => (figure ? [`${x(index)},${y(figure.mean)}`] : []));
  const said = figures.map((figure) => (figure ? fixed(figure.mean, harder.metric.digits) : "–")).join(", ");
  const line = draw("g", { class: "point", "data-family": tone(codec), role: "img", tabindex: 0, "aria-label": `${codec.title}: ${said}` });
  line.append(draw("title", {}, codec.title), draw("polyline", { points: corners.join(" "), class: "curve", "data-family": tone(codec) }));
  for (const [index, figure] of figures.entries()) {
    if (!figure) continue;
    const [across, low, high] = [x(index), y(figure.low), y(figure.high)];
    if (varies(figure) && isOurs(codec)) line.append(draw("path", { class: "whisker", d: `M${across} ${low}V${high}` }));
    line.append(marker(codec, across, y(figure.mean)));
  }
  return line;
}

/** Names at the right ends of the lines, moved apart. */
function labelLines(picture, series, x, y, box) {
  const ends = series.flatMap(({ codec, figures }) => {
    const last = figures.findLastIndex(Boolean);
    return last < 0 ? [] : [{ codec, across: x(last), up: y(figures[last].mean) }];
  });
  ends.sort((one, other) => one.up - other.up);
  const places = apart(ends.map(({ up }) => up), box.bottom);
  for (const [index, { codec, across, up }] of ends.entries()) {
    picture.append(
      draw("path", { d: `M${across + 7} ${up}L${box.right + 6} ${places[index]}`, class: "leader" }),
      draw("text", { x: box.right + 9, y: places[index], dy: "0.35em", class: "label", "data-family": tone(codec) }, codec.name.replace("sotto:", "")),
    );
  }
}

function drawConditionTable(places, shown) {
  const table = byId("condition-table");
  table.querySelector("thead").replaceChildren(
    make("tr", {}, make("th", { scope: "col", class: "name" }, "Codec"), ...places.map(({ title, hint }) => make("th", { scope: "col", title: hint }, title))),
  );
  const rows = shown.map((codec) => {
    const style = isOurs(codec) ? "ours" : isAnchor(codec) ? "anchor" : isAnalysis(codec) ? "analysis" : null;
    const cells = places.map(({ figures }) => figureCell(figures.get(codec.name), harder.metric.digits));
    return make("tr", { class: style }, make("th", { scope: "row", class: "name", "data-family": tone(codec) }, codec.title), ...cells);
  });
  table.querySelector("tbody").replaceChildren(...rows);
}
