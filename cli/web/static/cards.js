// A card for each preset: what it takes, and how it sounds.

import { byId, bytes, make, rate, renamed, whole } from "./dom.js";

const PCM = 256000; // bit/s of 16-bit samples at 16 kHz

export class Cards {
  /** `onplay` and `onsave` are told the preset. */
  constructor(onplay, onsave) {
    this.place = byId("cards");
    this.onplay = onplay;
    this.onsave = onsave;
  }

  /** Show a recording's presets, empty yet. */
  open(presets) {
    for (const { save } of this.cards?.values() ?? []) URL.revokeObjectURL(save.href);
    this.cards = new Map(presets.map((preset) => [preset, this.card(preset)]));
    this.place.replaceChildren(...[...this.cards.values()].map((card) => card.element));
  }

  card(preset) {
    const play = make("button", { type: "button", class: "play", disabled: true, "aria-label": `Play ${preset}`, onclick: () => this.onplay(preset) }, "Play");
    const value = make("p", { class: "value" }, "…");
    const about = make("p", { class: "note" });
    const save = make("a", { class: "button", "aria-label": `Save ${preset} as .sotto` }, ".sotto");
    const wav = make("button", { type: "button", disabled: true, "aria-label": `Save ${preset} as WAV`, onclick: () => this.onsave(preset) }, ".wav");
    const element = make("article", { class: "card", "data-preset": preset }, make("h3", {}, preset), value, about, make("div", { class: "actions" }, play, save, wav));
    return { element, play, value, about, save, wav };
  }

  /** Tell what a preset came to. */
  fill(preset, coded, seconds, name) {
    const { value, about, save, play, wav } = this.cards.get(preset);
    const speed = (8 * coded.size) / seconds;
    value.replaceChildren(rate(speed));
    about.textContent = `${bytes(coded.size)}, ${whole(PCM / speed)} times smaller`;
    save.href = URL.createObjectURL(coded);
    save.download = renamed(name, `.${preset}.sotto`);
    play.disabled = wav.disabled = false;
  }

  /** Show which preset is looked at, and whether it plays. */
  mark(preset, plays) {
    for (const [name, { element, play }] of this.cards ?? []) {
      element.toggleAttribute("data-chosen", name === preset);
      play.setAttribute("aria-pressed", name === preset && plays);
      play.textContent = name === preset && plays ? "Pause" : "Play";
    }
  }
}
