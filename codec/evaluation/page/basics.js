// What all parts share: the report, how to write numbers, and how to make elements.

const report = JSON.parse(document.getElementById("report").textContent);
const byId = (id) => document.getElementById(id);

/** Make an element: make("p", {class: "note", onclick: f}, "text", child). Values of null, undefined and false are left out. */
function make(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const codecs = new Map(report.codecs.map((codec) => [codec.name, codec]));
const recordings = new Map(report.recordings.map((recording) => [recording.id, recording]));
const isOurs = (codec) => codec.name.startsWith("sotto:");
/** What our codes say before the WaveNet speaks: no codec to choose, but a look inside one. */
const isAnalysis = (codec) => codec.name.startsWith("stage1:");
const isAnchor = (codec) => codec.family === "anchor" || codec.name === "original";
const isOther = (codec) => !isOurs(codec) && !isAnalysis(codec) && !isAnchor(codec);
const tone = (codec) => (isAnchor(codec) ? "anchor" : codec.family);
const titleOf = (name) => codecs.get(name)?.title ?? name;

/** The preset that people get who choose none. */
const flagship = codecs.get("sotto:default") ?? report.codecs.find(isOurs) ?? null;

const known = (number) => typeof number === "number" && Number.isFinite(number);
const fixed = (number, digits) => (known(number) ? number.toFixed(digits) : "–");
const bits = (number) => (known(number) ? String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, "\u202f") : "–");
const megabytes = (bytes) => (known(bytes) ? String(Math.round(bytes / 1e6)) : "–");
/** Whether a figure has an interval: not if it is of one recording, nor if all say the same, as the original's own do. */
const varies = ({ low, high, count }) => count > 1 && low !== high;
const span = (figure, digits) => `${fixed(figure.low, digits)} to ${fixed(figure.high, digits)}`;
const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** A metric's value with its unit, which stands behind the comma in its title. */
function quantity({ title, digits }, number) {
  const unit = title.split(", ")[1];
  return unit ? `${fixed(number, digits)}\u00a0${unit}` : fixed(number, digits);
}
const metricName = ({ title }) => title.split(", ")[0];

/** "a, b and c" */
function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
