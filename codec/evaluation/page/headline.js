// The first thing one reads: what was measured, and where the default preset stands among the others.

const FACTS = ["pesq_wb", "estoi", "speaker", "per"];

function startHeadline() {
  const speakers = new Set(report.recordings.map(({ corpus, speaker }) => `${corpus}/${speaker}`)).size;
  const corpora = new Set(report.recordings.map(({ corpus }) => corpus).filter(Boolean)).size;
  const minutes = report.recordings.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const compared = report.codecs.filter((codec) => !isAnchor(codec) && !isOurs(codec)).length;
  const presets = report.codecs.filter((codec) => codec.name.startsWith("sotto:")).length;
  byId("headline-title").textContent = flagship
    ? `Speech at ${bits(flagship.file_bit_rate)}\u00a0bit/s, measured`
    : "Speech codecs, measured";
  const material = [plural(report.recordings.length, "recording"), `by ${plural(speakers, "speaker")}`];
  if (corpora > 1) material.push(`from ${corpora} collections`);
  byId("lead").textContent =
    `${material.join(" ")}, ${minutes.toFixed(1)} minutes in all. ` +
    `${plural(presets, "preset")} of sottovoce beside ${plural(compared, "other codec setting")}, ` +
    "every one on the same recordings, aligned and brought to the same level. Rates count every byte of the stored file.";
  if (!flagship) return;
  const facts = FACTS.map((key) => report.metrics.find((metric) => metric.key === key)).filter(
    (metric) => metric && flagship.means[metric.key],
  );
  byId("facts").append(...facts.map(fact));
  byId("facts-note").textContent =
    `${flagship.title}, ${bits(flagship.file_bit_rate)} bit/s in the file. In brackets 95 % intervals. ` +
    "“Better” and “worse” are said only where the intervals don't overlap: the highest rate that is worse and the lowest that is better.";
}

function fact(metric) {
  const own = flagship.means[metric.key];
  const { beaten, better } = standing(metric);
  return make(
    "div",
    { class: "fact" },
    make("h3", {}, metricName(metric)),
    make(
      "p",
      { class: "value" },
      quantity(metric, own.mean),
      make("small", {}, ` [${fixed(own.low, metric.digits)}–${fixed(own.high, metric.digits)}]`),
    ),
    make("p", {}, beaten ? `Better than ${beside(beaten, metric)}` : "Clearly better than none of the others"),
    make("p", {}, better ? `Worse than ${beside(better, metric)}` : "None of the others is clearly better"),
  );
}

/** Of the other codecs: the highest rate that is clearly worse, and the lowest rate that is clearly better. */
function standing(metric) {
  const own = flagship.means[metric.key];
  const sign = metric.better === "more" ? 1 : -1;
  const others = report.codecs
    .filter((codec) => !isAnchor(codec) && !isOurs(codec) && codec.means[metric.key])
    .sort((one, other) => one.file_bit_rate - other.file_bit_rate);
  const edge = (figure, worst) => sign * (worst === sign > 0 ? figure.low : figure.high);
  const worse = others.filter((codec) => edge(codec.means[metric.key], false) < edge(own, true));
  const better = others.filter((codec) => edge(codec.means[metric.key], true) > edge(own, false));
  return { beaten: worse.at(-1), better: better[0] };
}

function beside(codec, metric) {
  const times = codec.file_bit_rate / flagship.file_bit_rate;
  const rate = `${times.toFixed(times < 10 ? 1 : 0)} times the rate`;
  return `${codec.title} (${quantity(metric, codec.means[metric.key].mean)}) at ${rate}`;
}
