// The files of this visit, of which one is looked at.

import { byId, make } from "./dom.js";

export class Files {
  /** `onopen` is given an entry {file, speech} to look at; `speech` is kept there once the file is read. */
  constructor(onopen) {
    this.entries = [];
    this.onopen = onopen;
    this.place = byId("files");
  }

  /** Take files, and open the first of them. */
  add(files) {
    const first = this.entries.length;
    for (const file of files) {
      const entry = { file, speech: null };
      entry.button = make("button", { type: "button", onclick: () => this.open(entry) }, file.name);
      this.entries.push(entry);
      this.place.append(make("li", {}, entry.button));
    }
    this.place.hidden = this.entries.length < 2;
    return this.entries[first] && this.open(this.entries[first]);
  }

  open(entry) {
    for (const { button } of this.entries) button.removeAttribute("aria-current");
    entry.button.setAttribute("aria-current", "true");
    return this.onopen(entry);
  }
}
