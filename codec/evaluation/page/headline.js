// The first thing one reads: what was measured, and where the default preset stands among the others.

const FACTS = ["pesq_wb", "estoi", "speaker", "dwer", "per"];
const MOST_FACTS = 4;
const ENOUGH = 5; // recordings that a mean is of, before anything is claimed from its interval

function startHeadline() {
  const speakers = report.recordings.every(({ speaker }) => speaker)
    ? new Set(report.recordings.map(({ corpus, speaker }) => `${corpus}/${speaker}`)).size
    : 0; // or nobody knows how many
  const corpora = report.recordings.every(({ corpus }) => corpus)
    ? new Set(report.recordings.map(({ corpus }) => corpus)).size
    : 0;
  const minutes = report.recordings.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const compared = report.codecs.filter(isOther).length;
  const presets = report.codecs.filter(isOurs).length;
  byId("headline-title").textContent = flagship
    ? `Speech at ${bits(flagship.file_bit_rate)}\u00a0bit/s, measured`
    : "Speech codecs, measured";
  const material = [plural(report.recordings.length, "recording")];
  if (speakers) material.push(`by ${plural(speakers, "speaker")}`);
  if (corpora > 1) material.push(`from ${corpora} collections`);
  byId("lead").textContent =
    `${material.join(" ")}, ${minutes.toFixed(1)} minutes in all. ` +
    `${plural(presets, "preset")} of sottovoce${compared ? ` beside ${plural(compared, "other codec setting")}` : ""}, ` +
    "every one on the same recordings, aligned and brought to the same level. Rates count every byte of the stored file.";
  if (!flagship) return;
  const facts = FACTS.map((key) => report.metrics.find((metric) => metric.key === key))
    .filter((metric) => metric && flagship.means[metric.key])
    .slice(0, MOST_FACTS);
  byId("facts").append(...facts.map(fact));
  byId("facts-note").textContent =
    `${flagship.title}, ${bits(flagship.file_bit_rate)} bit/s in the file. ` +
    (facts.some(({ key }) => varies(flagship.means[key])) ? "In brackets 95 % intervals. " : "") +
    `“Better” and “worse” are said only of means over ${ENOUGH} recordings or more whose intervals don't overlap: ` +
    "the highest rate that is worse and the lowest that is better.";
}

function fact(metric) {
  const own = flagship.means[metric.key];
  const interval = `[${fixed(own.low, metric.digits)}–${fixed(own.high, metric.digits)}]`;
  return make(
    "div",
    { class: "fact" },
    make("h3", {}, metricName(metric)),
    make("p", { class: "value" }, quantity(metric, own.mean), varies(own) ? make("small", {}, ` ${interval}`) : null),
    ...claims(metric).map((claim) => make("p", {}, claim)),
  );
}

function claims(metric) {
  const { count } = flagship.means[metric.key];
  if (!report.codecs.some(isOther)) return [];
  if (count < ENOUGH) return [`Of ${plural(count, "recording")}: too few to call it better or worse than others`];
  const { beaten, better } = standing(metric);
  return [
    beaten ? `Better than ${beside(beaten, metric)}` : "Clearly better than none of the others",
    better ? `Worse than ${beside(better, metric)}` : "None of the others is clearly better",
  ];
}

/** Of the other codecs: the highest rate that is clearly worse, and the lowest rate that is clearly better. */
function standing(metric) {
  const own = flagship.means[metric.key];
  const sign = metric.better === "more" ? 1 : -1;
  const others = report.codecs
    .filter((codec) => isOther(codec) && codec.means[metric.key]?.count >= ENOUGH)
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
