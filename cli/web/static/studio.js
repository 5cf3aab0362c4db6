// The recording that is looked at, and everything that one can do with it.

import { Cards } from "./cards.js";
import { Changes } from "./changes.js";
import { byId, bytes, make, rate, renamed, seconds, whole } from "./dom.js";
import { Player } from "./player.js";
import { Progress } from "./progress.js";
import { Speech } from "./speech.js";
import { View } from "./view.js";

const PCM = 256000; // bit/s of 16-bit samples at 16 kHz
const LONG = 30; // seconds of a recording whose beginning is decoded first
const BEGINNING = 10; // seconds of that

export class Studio {
  constructor(notices) {
    this.notices = notices;
    this.speech = null;
    this.turn = 0; // how many files were opened
    this.preset = null;
    this.player = new Player(() => this.follow());
    this.original = new View(byId("original"), "Original", this.player);
    this.decoded = new View(byId("decoded"), "Decoded", this.player);
    this.cards = new Cards((preset) => this.play(preset), (preset) => this.save(preset));
    this.changes = new Changes(notices, () => this.change());
  }

  /** Decode again after a change of speed or voice. */
  change() {
    return this.notices.during(async () => {
      if (!this.speech || !this.preset) return;
      this.notices.say(`Decoding: ${this.preset} …`);
      if (await this.show(this.preset)) this.notices.say("Ready.");
    });
  }

  stop() {
    this.player.stop();
    this.follow();
  }

  /** Look at a file: encode it at all presets, and decode one. `entry` keeps what was made of it. */
  open(entry) {
    return this.notices.during(async () => {
      const turn = ++this.turn;
      this.stop();
      this.notices.say(`Reading ${entry.file.name} …`);
      entry.speech ??= await Speech.open(entry.file);
      if (turn !== this.turn) return; // another one came meanwhile
      this.speech = entry.speech;
      const { speech } = this;
      this.present();
      await this.process(speech, () => turn === this.turn);
    });
  }

  /** Encode and decode the preset that is shown first, then encode the others; `current` says whether to go on. */
  async process(speech, current) {
    const first = speech.presets.includes("default") ? "default" : speech.presets[0];
    const order = [first, ...speech.presets.filter((preset) => preset !== first)];
    const progress = new Progress(this.notices, ["decoding", ...(speech.sound ? order.map(() => "encoding") : [])], this.seconds);
    const encode = async (preset) => {
      const work = () => speech.encode(preset);
      const coded = await (speech.sound ? progress.step("encoding", `Encoding: ${preset}`, work) : work());
      if (current()) this.cards.fill(preset, coded, this.seconds, speech.name);
    };
    try {
      await encode(first);
      if (!current()) return;
      this.describe();
      if (this.seconds > LONG) await this.preview(first);
      await progress.step("decoding", `Decoding: ${first}`, () => this.show(first));
      for (const preset of order.slice(1)) {
        if (!current()) return;
        await encode(preset);
      }
      if (!current()) return;
      this.changes.add(speech.name, await speech.voice());
      this.notices.say("Ready.");
    } finally {
      if (current()) progress.end();
    }
  }

  /** Decode the first seconds of a long recording, so that there is something to hear soon. */
  async preview(preset) {
    const { speech } = this;
    const clip = await speech.beginning(preset, this.changes.chosen, BEGINNING);
    if (this.speech !== speech) return;
    this.decoded.show(clip, `${preset}, the first ${BEGINNING} seconds`);
    this.follow();
  }

  /** Show tags and damage. */
  describe() {
    const { tags = {}, problems = [] } = this.speech.facts ?? {};
    byId("tags").textContent = Object.entries(tags).map(([key, values]) => `${key}: ${values.join(", ")}`).join(" · ");
    byId("damage").textContent = problems.length ? `Damaged: ${problems.join("; ")}. Lost parts are concealed; they are marked in the picture.` : "";
  }

  get seconds() {
    const { original, facts } = this.speech;
    return original ? original.wave.length / 16000 : facts.seconds;
  }

  present() {
    const { name, original, presets } = this.speech;
    byId("speech").hidden = false;
    byId("original").hidden = !original;
    byId("speech-name").textContent = `${name}, ${seconds(this.seconds)}`;
    this.describe();
    for (const view of [this.original, this.decoded]) view.span = 0;
    if (original) this.original.show(original, "16 kHz, 16 bits, as the codec receives it");
    this.decoded.show(null, "");
    this.tell(presets.includes("default") ? "default" : presets[0]);
    this.cards.open(presets);
  }

  /** Decode a preset as it is to be spoken, and show it. */
  async show(preset) {
    if (!this.speech || !preset) return null;
    const speech = this.speech;
    this.preset = preset;
    const clip = await speech.decode(preset, this.changes.chosen);
    if (this.speech !== speech || this.preset !== preset) return null;
    this.decoded.show(clip, [preset, ...this.changes.words].join(", "));
    const span = Math.max(clip.wave.length, speech.original?.wave.length ?? 0);
    for (const view of [this.original, this.decoded]) view.stretch(span);
    this.tell(preset);
    this.follow();
    return clip;
  }

  play(preset) {
    return this.notices.during(async () => {
      if (preset === this.preset && this.player.playing(this.decoded.clip)) return this.player.toggle(this.decoded.clip);
      const waiting = byId("working").hidden;
      if (waiting) this.notices.say(`Decoding: ${preset} …`);
      const clip = await this.show(preset);
      if (waiting && clip) this.notices.say("Ready.");
      return clip && this.player.play(clip);
    });
  }

  save(preset) {
    return this.notices.during(async () => {
      const clip = await this.speech.decode(preset, this.changes.chosen);
      make("a", { href: clip.url, download: renamed(this.speech.name, `.${preset}.wav`) }).click();
    });
  }

  tell(preset) {
    const size = this.speech.coded.get(preset)?.size;
    const pcm = (PCM / 8) * this.seconds;
    const facts = [
      ["16-bit PCM", rate(PCM), bytes(pcm)],
      [preset, size ? rate((8 * size) / this.seconds) : "…", size ? bytes(size) : " "],
      ["Smaller by", size ? `${whole(pcm / size)}×` : "…", size ? `an hour takes ${whole((size / this.seconds) * 3.6)} kB` : " "],
    ];
    byId("facts").replaceChildren(...facts.map(([title, value, note]) => make("div", { class: "fact" }, make("h3", {}, title), make("p", { class: "value" }, value), make("p", {}, note))));
  }

  follow() {
    this.original.follow();
    this.decoded.follow();
    this.cards.mark(this.preset, Boolean(this.decoded.clip) && this.player.playing(this.decoded.clip));
  }
}
