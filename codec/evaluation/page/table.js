// The table: all figures of the chosen group, in any order.

const plain = (key, title, show, hint) => ({ key, title, value: (codec) => codec[key], show, hint });
const columns = [
  { key: "title", title: "Codec", value: (codec) => codec.title, text: true },
  plain("bit_rate", "codes, bit/s", bits, "by the codec's definition, without the file around the codes"),
  plain("file_bit_rate", "file, bit/s", bits, "every byte that is stored, over all recordings"),
  ...report.metrics.map((metric) => ({ key: metric.key, title: metric.title, metric, value: (codec) => figureOf(codec, metric.key)?.mean })),
  plain("encode_rtf", "encode RTF", (number) => fixed(number, 3), "processor seconds a second of speech, one thread"),
  plain("decode_rtf", "decode RTF", (number) => fixed(number, 3), "processor seconds a second of speech, one thread"),
  plain("encode_memory", "encode MB", megabytes, "peak memory of the encoding process"),
  plain("decode_memory", "decode MB", megabytes, "peak memory of the decoding process"),
].filter((column) => report.codecs.some((codec) => column.value(codec) !== null && column.value(codec) !== undefined));

let order = null; // {column, direction: "ascending" | "descending"}, or null for the report's own order

function startTable() {
  const row = make("tr");
  for (const column of columns) {
    const button = make("button", { type: "button", title: column.hint, onclick: () => sortBy(column) }, ...headWords(column));
    column.head = make("th", { scope: "col", class: column.text ? "name" : null, "data-key": column.key }, button);
    row.append(column.head);
  }
  const section = byId("table");
  section.querySelector("thead").append(row);
  onGroup(drawTable);
  drawTable();
  const missing = Object.entries(report.missing ?? {}).map(([name, remedy]) => `${name} (${remedy})`);
  byId("table-note").textContent =
    "Small figures are 95 % intervals; a single recording has none. ↑ more is better, ↓ less is better. Rates, speed and memory are of all recordings, whatever the group." +
    (missing.length ? ` Not measured because something isn't installed: ${missing.join("; ")}.` : "");
}

/** A column's title, broken between words only, with the direction in which its metric is better. */
function headWords({ title, metric }) {
  const words = title.split(" ").flatMap((word) => [make("span", {}, word), " "]);
  const arrow = metric && make("span", { "aria-hidden": true }, metric.better === "more" ? "\u00a0↑" : "\u00a0↓");
  if (arrow) words.at(-2).append(arrow);
  return words.slice(0, -1);
}

function sortBy(column) {
  const best = column.metric?.better === "more" ? "descending" : "ascending";
  const turned = order?.direction === "ascending" ? "descending" : "ascending";
  order = { column, direction: order?.column === column ? turned : best };
  drawTable();
}

function sorted() {
  if (!order) return report.codecs;
  const { column, direction } = order;
  const sign = direction === "ascending" ? 1 : -1;
  const filled = (codec) => column.text || known(column.value(codec));
  const compare = column.text
    ? (one, other) => column.value(one).localeCompare(column.value(other), "en", { numeric: true })
    : (one, other) => column.value(one) - column.value(other);
  const full = report.codecs.filter(filled).sort((one, other) => sign * compare(one, other));
  return [...full, ...report.codecs.filter((codec) => !filled(codec))]; // unknown ones last either way
}

function drawTable() {
  for (const column of columns) {
    if (order?.column === column) column.head.setAttribute("aria-sort", order.direction);
    else column.head.removeAttribute("aria-sort");
  }
  byId("table-caption").textContent = `Means over ${groupTitle()}. Choose a column's head to sort by it.`;
  byId("table").querySelector("tbody").replaceChildren(...sorted().map(tableRow));
}

function tableRow(codec) {
  const row = make("tr", { class: isOurs(codec) ? "ours" : isAnchor(codec) ? "anchor" : isAnalysis(codec) ? "analysis" : null, "data-codec": codec.name });
  for (const column of columns) row.append(cell(codec, column));
  return row;
}

function cell(codec, column) {
  if (column.text) {
    return make("th", { scope: "row", class: "name", "data-family": tone(codec) }, column.value(codec));
  }
  if (!column.metric) return make("td", {}, column.show(column.value(codec)));
  return figureCell(figureOf(codec, column.key), column.metric.digits);
}

/** A mean with its interval below. */
function figureCell(figure, digits) {
  if (!figure) return make("td", {}, "–");
  const interval = varies(figure) ? make("small", {}, `${fixed(figure.low, digits)}–${fixed(figure.high, digits)}`) : null;
  return make("td", {}, fixed(figure.mean, digits), interval);
}
