// What a live session measures.

import { byId, decibels, make, rate, whole } from "./dom.js";

const WINDOW = 50; // packets that rates are taken over

export class Meters {
  constructor() {
    this.level = make("meter", { min: -60, max: 0, value: -60, "aria-label": "Level" });
    this.places = new Map();
    const rows = [["level", "Level"], ["rate", "Sent"], ["packets", "Packets"], ["work", "Server’s work"], ["delay", "Delay"], ["gaps", "Gaps"]];
    byId("meters").replaceChildren(...rows.map(([name, title]) => this.row(name, title)));
    this.places.get("level").value.replaceChildren(this.level);
  }

  row(name, title) {
    const [value, note] = [make("dd", { "data-meter": name }, "–"), make("dd", { class: "note" })];
    this.places.set(name, { value, note });
    return make("div", {}, make("dt", {}, title), value, note);
  }

  write(name, value, note = "") {
    const place = this.places.get(name);
    if (value !== null) place.value.textContent = value;
    place.note.textContent = note;
  }

  begin(facts) {
    this.facts = facts;
    this.packets = 0;
    this.recent = [];
  }

  end() {
    this.level.value = this.level.min;
  }

  packet({ work, bytes }) {
    this.packets++;
    this.recent = [...this.recent.slice(1 - WINDOW), { work, bytes }];
    const span = this.recent.length * this.facts.packet_seconds;
    const sum = (key) => this.recent.reduce((total, one) => total + one[key], 0);
    this.write("rate", rate((8 * sum("bytes")) / span), "of 256\u202f000 as 16-bit PCM");
    this.write("packets", whole(this.packets), `one each ${whole(1000 * this.facts.packet_seconds)}\u202fms, ${bytes} bytes`);
    this.write("work", `${whole((100 * sum("work")) / span)}\u202f%`, "of real time, both ways");
  }

  state({ peak, delay, gaps, device }) {
    this.level.value = decibels(peak);
    this.write("level", null, `${whole(decibels(peak))}\u202fdB`);
    this.write("gaps", whole(gaps), "when sound came too late");
    if (delay === null) return;
    const parts = `codec ${whole(1000 * this.facts.delay)}, device ${whole(1000 * device)}`;
    this.write("delay", `${whole(1000 * (delay + device))}\u202fms`, `${parts}, the rest is the way`);
  }
}
