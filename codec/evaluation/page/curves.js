// Rate–distortion curves: a point a codec, a line a family, whiskers for 95 % intervals, anchors as horizontal lines.

const FROM = 200, TO = 64000; // bit/s
const RATE_TICKS = [250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000];
const SHAPES = { sottovoce: "circle", codec2: "square", opus: "triangle", speex: "diamond", lc3: "star" };
const FAMILY_TITLES = {
  sottovoce: "sottovoce", codec2: "Codec 2", opus: "Opus", speex: "Speex", lc3: "LC3", lyra: "Lyra v2",
  encodec: "EnCodec", dac: "DAC", snac: "SNAC", focalcodec: "FocalCodec", mimi: "Mimi",
};

const plot = byId("plot");
const svg = plot.querySelector("svg");
const chosen = { metric: report.metrics[0], rate: "file_bit_rate" };

function draw(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(svg.namespaceURI, tag), attributes, children);
}

function startCurves() {
  for (const metric of report.metrics) {
    if (!report.codecs.some((codec) => codec.means[metric.key])) continue;
    const radio = make("input", { type: "radio", name: "metric", value: metric.key, checked: metric === chosen.metric });
    byId("metric-choice").append(make("label", {}, radio, make("span", {}, metric.title)));
  }
  byId("metric-choice").addEventListener("change", ({ target }) => {
    chosen.metric = report.metrics.find(({ key }) => key === target.value);
    drawCurves();
  });
  byId("rate-choice").addEventListener("change", ({ target }) => {
    chosen.rate = target.value;
    drawCurves();
  });
  const drawn = report.codecs.filter((codec) => !isAnchor(codec));
  for (const codec of new Map(drawn.map((one) => [legendTitle(one), one])).values()) {
    const key = draw("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": true }, marker(codec, 0, 0));
    byId("legend").append(make("li", { "data-family": codec.family }, key, legendTitle(codec)));
  }
  legendOfPublished();
  onGroup(drawCurves);
  let width = 0;
  new ResizeObserver(() => {
    if (plot.clientWidth !== width) {
      width = plot.clientWidth;
      drawCurves();
    }
  }).observe(plot);
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hideTip();
  });
}

const legendTitle = (codec) => (isAnalysis(codec) ? "sottovoce's codes, Griffin-Lim" : FAMILY_TITLES[codec.family] ?? codec.family);
const rateOf = (codec) => codec[chosen.rate];

/** The codecs that have a place on the axes, and the anchors, each with its figure. */
function placed() {
  const withFigure = report.codecs.map((codec) => ({ codec, figure: figureOf(codec, chosen.metric.key) }));
  const all = withFigure.filter(({ figure }) => figure);
  return {
    points: all.filter(({ codec }) => !isAnchor(codec) && known(rateOf(codec)) && rateOf(codec) > 0),
    anchors: all.filter(({ codec }) => isAnchor(codec)),
  };
}

function drawCurves() {
  hideTip();
  const { points, anchors } = placed();
  const width = Math.max(300, plot.clientWidth);
  const small = width < 600;
  const height = small ? 380 : 480;
  const box = { left: 44, right: width - (small ? 72 : 116), top: 34, bottom: height - 44 };
  const x = (rate) => box.left + (Math.log(rate / FROM) / Math.log(TO / FROM)) * (box.right - box.left);
  const others = publishedPoints();
  const ticks = niceTicks(extent([...points, ...anchors, ...others]));
  const y = (value) =>
    box.bottom - ((value - ticks[0]) / (ticks.at(-1) - ticks[0])) * (box.bottom - box.top);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", `${chosen.metric.title} against rate, ${groupTitle()}`);
  svg.replaceChildren();
  drawAxes(x, y, ticks, box, small);
  const visible = points.filter(({ codec }) => rateOf(codec) >= FROM && rateOf(codec) <= TO);
  drawAnchors(anchors, y, box);
  drawPublished(others, x, y);
  const lines = linesOf(visible);
  for (const line of lines) drawLine(line, x, y);
  for (const point of [...visible].sort((one, other) => isOurs(one.codec) - isOurs(other.codec))) drawPoint(point, x, y);
  drawLabels(visible, lines, x, y, box);
  const away = points.filter((point) => !visible.includes(point)).map(({ codec }) => codec.title);
  const silent = report.codecs.filter((codec) => !isAnchor(codec) && !known(rateOf(codec))).map(({ title }) => title);
  byId("plot-caption").textContent =
    `${metricName(chosen.metric)} over ${groupTitle()}. ` +
    (visible.some(({ figure }) => varies(figure)) ? "Whiskers are 95 % intervals. " : "") +
    "Broken lines are anchors, at no rate of this axis." +
    (others.length ? ` Rings are figures on ${report.published.set}: ${report.published.note}.` : "") +
    (away.length ? ` Outside the axis: ${listed(away)}.` : "") +
    (silent.length ? ` Without a fixed rate of codes: ${listed(silent)}.` : "");
}

function extent(all) {
  const values = all.flatMap(({ figure }) => [figure.low ?? figure.mean, figure.high ?? figure.mean, figure.mean]);
  const low = Math.min(...values), high = Math.max(...values);
  if (!values.length) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** Round values from just below to just above. */
function niceTicks([low, high]) {
  const rough = (high - low) / 6;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * unit).find((size) => size >= rough);
  const first = Math.floor(low / step), last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

function drawAxes(x, y, ticks, box, small) {
  const digits = Math.max(0, ...ticks.map((tick) => (String(tick).split(".")[1] ?? "").length));
  const grid = draw("g", { class: "grid", "aria-hidden": true });
  for (const tick of ticks) {
    grid.append(
      draw("line", { x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
      draw("text", { x: box.left - 8, y: y(tick), dy: "0.35em", "text-anchor": "end" }, tick.toFixed(digits)),
    );
  }
  for (const tick of RATE_TICKS) {
    grid.append(
      draw("line", { x1: x(tick), x2: x(tick), y1: box.bottom, y2: box.bottom + 5, class: "tick" }),
      draw("text", { x: x(tick), y: box.bottom + 20, "text-anchor": "middle" }, String(tick / 1000)),
    );
  }
  const { title, better } = chosen.metric;
  const middle = (box.left + box.right) / 2;
  grid.append(
    draw("text", { x: 0, y: 12, class: "title" }, `${title} (${better === "more" ? "higher" : "lower"} is better)`),
    draw("line", { x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom, class: "tick" }),
    draw("text", { x: middle, y: box.bottom + 38, "text-anchor": "middle" }, small ? "kbit/s" : "rate, kbit/s (logarithmic)"),
  );
  svg.append(grid);
}

function drawAnchors(anchors, y, box) {
  const lines = [...anchors].sort((one, other) => y(one.figure.mean) - y(other.figure.mean));
  const places = apart(lines.map(({ figure }) => y(figure.mean)), box.bottom - 3);
  for (const [index, { codec, figure }] of lines.entries()) {
    const [level, place] = [y(figure.mean), places[index]];
    svg.append(
      draw(
        "g",
        { ...tipped(codec, figure), class: "anchor" },
        draw("line", { x1: box.left, x2: box.right, y1: level, y2: level }),
        draw("path", { d: `M${box.right} ${level}L${box.right + 8} ${place}`, class: "leader" }),
        draw("text", { x: box.right + 11, y: place, dy: "0.35em" }, codec.name),
      ),
    );
  }
}

/** Heights, from the top down, moved so that a line of text fits between them and none is below the last. */
function apart(heights, last) {
  const places = [];
  for (const height of heights) places.push(Math.max(height, (places.at(-1) ?? -Infinity) + 14));
  let free = last;
  for (let index = places.length - 1; index >= 0; index--) {
    places[index] = Math.min(places[index], free);
    free = places[index] - 14;
  }
  return places;
}

/** The points of each codec, from its lowest rate to its highest; what is an analysis is on no line. */
function linesOf(points) {
  const lines = new Map();
  for (const point of points.filter(({ codec }) => !isAnalysis(codec))) {
    const line = point.codec.name.split(":")[0];
    lines.set(line, [...(lines.get(line) ?? []), point]);
  }
  return [...lines.values()].map((line) => line.sort((one, other) => rateOf(one.codec) - rateOf(other.codec)));
}

function drawLine(line, x, y) {
  const corners = line.map(({ codec, figure }) => `${x(rateOf(codec))},${y(figure.mean)}`).join(" ");
  svg.append(draw("polyline", { points: corners, class: "curve", "data-family": line[0].codec.family, "aria-hidden": true }));
}

function drawPoint({ codec, figure }, x, y) {
  const [across, up] = [x(rateOf(codec)), y(figure.mean)];
  const point = draw("g", { ...tipped(codec, figure), class: "point", "data-family": codec.family });
  if (varies(figure)) {
    const [low, high] = [y(figure.low), y(figure.high)];
    point.append(draw("path", { class: "whisker", d: `M${across} ${low}V${high}M${across - 4} ${low}h8M${across - 4} ${high}h8` }));
  }
  point.append(draw("circle", { class: "target", cx: across, cy: up, r: 14 }), marker(codec, across, up));
  svg.append(point);
}

/** The mark of a codec's family; hollow if it is an analysis. */
function marker(codec, x, y) {
  const shape = SHAPES[codec.family];
  if (shape === "circle") return draw("circle", { class: isAnalysis(codec) ? "marker hollow" : "marker", cx: x, cy: y, r: 5.5 });
  const outline = {
    square: "M-4.5-4.5h9v9h-9z",
    triangle: "M0-6L5.6 4.2H-5.6z",
    diamond: "M0-6.2L5.4 0 0 6.2-5.4 0z",
    star: "M-5-1.7h3.3V-5h3.4v3.3H5v3.4H1.7V5h-3.4V1.7H-5z",
  }[shape] ?? "M-5-5L5 5M-5 5L5-5";
  return draw("path", { class: "marker", d: outline, transform: `translate(${x} ${y})` });
}

/** Name the points where there is room, numbers only where none of their family is nearer; all names are in the tips and in the table. */
function drawLabels(points, lines, x, y, box) {
  const taken = lines.flatMap((line) => alongLine(line, x, y));
  taken.push(...points.flatMap(({ codec, figure }) => {
    const [across, up] = [x(rateOf(codec)), y(figure.mean)];
    const whisker = { left: across - 3, right: across + 3, top: y(figure.high ?? figure.mean), bottom: y(figure.low ?? figure.mean) };
    return [{ left: across - 7, right: across + 7, top: up - 7, bottom: up + 7 }, whisker];
  }));
  for (const { codec, figure } of [...points].sort((one, other) => isOurs(other.codec) - isOurs(one.codec))) {
    const [across, up] = [x(rateOf(codec)), y(figure.mean)];
    const rivals = isOther(codec) ? points.filter((other) => other.codec !== codec && other.codec.family === codec.family) : [];
    const label = draw("text", { class: isAnalysis(codec) ? "label analysis" : "label", "data-family": codec.family, "aria-hidden": true }, pointLabel(codec));
    svg.append(label);
    const width = label.getComputedTextLength();
    const top = y(figure.high ?? figure.mean), bottom = y(figure.low ?? figure.mean);
    const places = [
      [across + 10, up + 4],
      [across - 10 - width, up + 4],
      [across - width / 2, Math.min(up - 10, top - 5)],
      [across - width / 2, Math.max(up + 19, bottom + 13)],
      [across + 8, up - 9],
      [across + 8, up + 16],
      [across - 8 - width, up - 9],
      [across - 8 - width, up + 16],
    ];
    const fitting = places.find(([left, base]) => {
      const own = { left: left - 1, right: left + width + 1, top: base - 10, bottom: base + 3 };
      const inside = own.left > box.left && own.right < box.right + 8 && own.top > box.top - 14 && own.bottom < box.bottom;
      const away = (point) => gap(own, x(rateOf(point.codec)), y(point.figure.high), y(point.figure.low));
      const nearest = rivals.every((other) => away(other) > away({ codec, figure }));
      return inside && nearest && !taken.some((other) => overlap(own, other));
    });
    if (!fitting) {
      label.remove();
      continue;
    }
    const [left, base] = fitting;
    label.setAttribute("x", left);
    label.setAttribute("y", base);
    taken.push({ left, right: left + width, top: base - 10, bottom: base + 3 });
  }
}

/** Small boxes on the way between points. */
function alongLine(line, x, y) {
  const corners = line.map(({ codec, figure }) => [x(rateOf(codec)), y(figure.mean)]);
  return corners.slice(1).flatMap(([toX, toY], index) => {
    const [fromX, fromY] = corners[index];
    const steps = Math.ceil(Math.hypot(toX - fromX, toY - fromY) / 5);
    return Array.from({ length: steps }, (_, step) => {
      const [across, up] = [fromX + ((toX - fromX) * step) / steps, fromY + ((toY - fromY) * step) / steps];
      return { left: across - 2, right: across + 2, top: up - 2, bottom: up + 2 };
    });
  });
}

/** What follows the family's name, which the legend tells: "3200", "default"; of an analysis what stands before the comma. */
const pointLabel = (codec) => (isAnalysis(codec) ? codec.title.split(",")[0] : codec.name.split(":")[1] ?? codec.title);

const overlap = (one, other) =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;

/** How far a box is from a whisker. */
const gap = ({ left, right, top, bottom }, x, high, low) =>
  Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - low, 0, high - bottom));

/** What makes a part of the drawing tell its figure on hover, touch and focus, and to a screen reader. */
function tipped(codec, figure) {
  const { metric } = chosen;
  const value = `${metricName(metric)} ${quantity(metric, figure.mean)}${varies(figure) ? `, ${span(figure, metric.digits)}` : ""}`;
  const rate = isAnchor(codec) || !known(rateOf(codec)) ? "" : `${bits(rateOf(codec))} bit/s, `;
  const show = ({ currentTarget }) => showTip(currentTarget, codec, figure);
  return {
    tabindex: 0,
    role: "img",
    "aria-label": `${codec.title}: ${rate}${value}`,
    onpointerenter: show,
    onpointerleave: hideTip,
    onfocus: show,
    onblur: hideTip,
  };
}

function showTip(target, codec, figure) {
  const { metric } = chosen;
  const rates = [`${bits(codec.file_bit_rate)} bit/s in the file`];
  if (known(codec.bit_rate)) rates.push(`${bits(codec.bit_rate)} of codes`);
  const tip = byId("tip");
  tip.replaceChildren(
    make("strong", {}, codec.title),
    ...(isAnchor(codec) ? [] : [make("span", {}, rates.join(", "))]),
    make("span", {}, `${metricName(metric)} ${quantity(metric, figure.mean)}`),
    make("span", {}, `${varies(figure) ? `95 %: ${span(figure, metric.digits)}; ` : ""}n = ${figure.count}`),
  );
  placeTip(target.querySelector(".marker") ?? target.querySelector("text"));
}

/** Show the tip above an element of the drawing, or below it if there is no room. */
function placeTip(element) {
  const tip = byId("tip");
  tip.hidden = false;
  const here = element.getBoundingClientRect();
  const frame = plot.getBoundingClientRect();
  const left = here.left + here.width / 2 - frame.left - tip.offsetWidth / 2;
  const above = here.top - frame.top - tip.offsetHeight - 12;
  tip.style.left = `${Math.max(0, Math.min(left, frame.width - tip.offsetWidth))}px`;
  tip.style.top = `${above < 0 ? here.bottom - frame.top + 12 : above}px`;
}

function hideTip() {
  byId("tip").hidden = true;
}
