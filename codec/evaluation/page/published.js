// Figures that others published, as rings beside the points that were measured.

/** The published codecs that have a figure of the chosen metric. */
function publishedPoints() {
  return (report.published?.codecs ?? [])
    .filter(({ figures }) => known(figures[chosen.metric.key]))
    .map((codec) => ({ published: codec, figure: { mean: codec.figures[chosen.metric.key] } }));
}

function legendOfPublished() {
  if (!report.published) return;
  const key = draw("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": true }, ring(0, 0));
  byId("legend").append(make("li", {}, key, "published, not run here"));
}

const ring = (x, y) => draw("circle", { class: "ring", cx: x, cy: y, r: 4 });

function drawPublished(points, x, y) {
  for (const { published, figure } of points) {
    const [across, up] = [x(published.bit_rate), y(figure.mean)];
    const said = `${published.name}, published: ${bits(published.bit_rate)} bit/s, ${metricName(chosen.metric)} ${figure.mean}`;
    const show = ({ currentTarget }) => showPublished(currentTarget, published, figure);
    svg.append(
      draw(
        "g",
        { class: "published", tabindex: 0, role: "img", "aria-label": said, onpointerenter: show, onpointerleave: hideTip, onfocus: show, onblur: hideTip },
        draw("circle", { class: "target", cx: across, cy: up, r: 8 }),
        ring(across, up),
      ),
    );
  }
}

function showPublished(target, { name, bit_rate, parameters, source }, figure) {
  byId("tip").replaceChildren(
    make("strong", {}, name),
    make("span", {}, `${bits(bit_rate)} bit/s${parameters ? `, ${parameters} parameters` : ""}`),
    make("span", {}, `${metricName(chosen.metric)} ${figure.mean}, published, not run here`),
    make("span", {}, source),
  );
  placeTip(target.querySelector(".ring"));
}
