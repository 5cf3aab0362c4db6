// Which recordings the figures are of: all, or a group. One choice for the curves and the table.

const KINDS = [
  ["corpus", "Corpus", (name) => name],
  ["gender", "Speakers", (name) => ({ f: "women and girls", m: "men and boys" })[name] ?? name],
  ["age", "Age", (name) => ({ children: "children (under 16)" })[name] ?? name],
];
const ALL = "";

const groups = [{ value: ALL, title: "all recordings" }];
for (const [kind, heading, naming] of KINDS) {
  const names = new Set(report.codecs.flatMap((codec) => Object.keys(codec.groups?.[kind] ?? {})));
  for (const name of [...names].sort()) groups.push({ value: `${kind}/${name}`, kind, name, heading, title: naming(name) });
}

let group = groups[0];
const listeners = [];
const onGroup = (listener) => listeners.push(listener);

/** A metric's {mean, low, high, count} of a codec in the chosen group, or null. */
function figureOf(codec, key) {
  const means = group.value === ALL ? codec.means : codec.groups?.[group.kind]?.[group.name];
  const figure = means?.[key];
  return figure && known(figure.mean) ? figure : null;
}

/** How many recordings the chosen group has. */
function groupSize() {
  if (group.value === ALL) return report.recordings.length;
  const counts = report.codecs.flatMap((codec) => report.metrics.map(({ key }) => figureOf(codec, key)?.count ?? 0));
  return Math.max(0, ...counts);
}

const groupTitle = () => {
  const size = plural(groupSize(), "recording");
  return group.value === ALL ? `all ${size}` : `${group.title} (${size})`;
};

function startGroups() {
  const selects = [...document.querySelectorAll("select[data-groups]")];
  for (const select of selects) {
    let heading, parent = select;
    for (const { value, heading: own, title } of groups) {
      if (own !== heading) {
        parent = make("optgroup", { label: own });
        select.append(parent);
        heading = own;
      }
      parent.append(make("option", { value }, title));
    }
    select.addEventListener("change", () => {
      group = groups.find(({ value }) => value === select.value);
      for (const other of selects) other.value = select.value;
      for (const listener of listeners) listener();
    });
  }
}
