// How it shall be spoken: at which speed, in whose voice.

import { server, voice } from "./api.js";
import { byId, make } from "./dom.js";
import { readable } from "./formats.js";

const PATIENCE = 250; // milliseconds that the slider rests before something is decoded

export class Changes {
  /** `onchange` is called after each change. */
  constructor(notices, onchange) {
    this.speed = byId("speed");
    this.voice = byId("voice");
    let timer;
    this.speed.addEventListener("input", () => {
      byId("speed-shown").textContent = `${Number(this.speed.value).toFixed(2)}×`;
      clearTimeout(timer);
      timer = setTimeout(onchange, PATIENCE);
    });
    this.voice.addEventListener("change", onchange);
    for (const one of server.voices) this.add(one.name, one.voice);
    const file = byId("lender");
    byId("lend").addEventListener("click", () => file.click());
    byId("changes").addEventListener("submit", (event) => event.preventDefault());
    file.addEventListener("change", () => notices.during(async () => {
      if (!file.files.length) return;
      const [lender] = file.files;
      file.value = "";
      notices.say(`Listening to ${lender.name} …`);
      this.add(lender.name, await voice((await readable(lender)).file));
      this.voice.selectedIndex = this.voice.length - 1;
      onchange();
    }));
  }

  /** Offer a voice. */
  add(name, figures) {
    for (const option of this.voice.options) if (option.value === figures) option.remove();
    this.voice.append(make("option", { value: figures }, name));
  }

  get chosen() {
    return { speed: this.speed.value, voice: this.voice.value };
  }

  /** In words, where something is changed. */
  get words() {
    const speed = Number(this.speed.value);
    return [speed !== 1 && `${speed.toFixed(2)}×`, this.voice.value && `voice of ${this.voice.selectedOptions[0].text}`].filter(Boolean);
  }
}
