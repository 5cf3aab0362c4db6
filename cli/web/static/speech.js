// What is on the page: a recording and what the codec made of it, or a .sotto file. All of it stays in this page.

import { decode, encode, info, server, voice } from "./api.js";
import { readable } from "./formats.js";
import { scaleOf } from "./pictures.js";
import { samplesOf } from "./wav.js";

const RATE = 16000;
const MAGIC = [0x89, 0x53, 0x54, 0x4f];

export class Speech {
  /** Open a recording or a .sotto file; `coded` holds the bytes of each preset as they come. */
  static async open(file) {
    const speech = new Speech();
    speech.name = file.name;
    speech.coded = new Map();
    speech.decoded = new Map();
    speech.original = null;
    const start = new Uint8Array(await file.slice(0, MAGIC.length).arrayBuffer());
    if (MAGIC.every((byte, index) => start[index] === byte)) await speech.openCoded(file);
    else await speech.openSound(file);
    return speech;
  }

  async openCoded(file) {
    this.facts = await info(file);
    this.presets = [this.facts.preset ?? "its own"];
    this.coded.set(this.presets[0], file);
  }

  async openSound(file) {
    const { file: sound, heard } = await readable(file);
    this.sound = sound;
    this.original = await clipOf(heard);
    this.original.scale = scaleOf(this.original.wave);
    this.presets = server.presets.map((preset) => preset.name);
  }

  /** Encode at a preset, and learn from the first what the file tells. */
  async encode(preset) {
    if (!this.coded.has(preset)) this.coded.set(preset, await encode(this.sound, preset));
    this.facts ??= await info(this.coded.get(preset));
    return this.coded.get(preset);
  }

  /** Whose voice it is, to lend it to others. */
  voice() {
    return voice(this.sound ?? this.coded.get(this.presets[0]));
  }

  /** Decode a preset at a speed in a voice, once. */
  decode(preset, { speed, voice }) {
    const key = `${preset} ${speed} ${voice}`;
    if (!this.decoded.has(key)) {
      const clip = this.make(preset, speed, voice);
      clip.catch(() => this.decoded.delete(key));
      this.decoded.set(key, clip);
    }
    return this.decoded.get(key);
  }

  /** Decode the first seconds of a preset. */
  beginning(preset, { speed, voice }, to) {
    return this.make(preset, speed, voice, to);
  }

  async make(preset, speed, voice, to) {
    const clip = await clipOf(await decode(await this.encode(preset), { speed, voice, ...(to && { to }) }));
    const own = scaleOf(clip.wave);
    clip.scale = this.original ? { peak: this.original.scale.peak, full: Math.max(own.full, this.original.scale.full) } : own;
    clip.marks = (this.facts?.damaged_spans ?? []).map((span) => span.map((seconds) => (seconds * RATE) / speed));
    return clip;
  }
}

async function clipOf(blob) {
  return { url: URL.createObjectURL(blob), wave: await samplesOf(blob) };
}
