// A recording to look at and to play: waveform, spectrogram, and where it is.

import { make, seconds } from "./dom.js";
import { drawFrequencies, drawMark, drawSpectrogram, drawTimes, drawWaveform } from "./pictures.js";

const RATE = 16000;

export class View {
  /** `player` plays; `figure` is where it stands. */
  constructor(figure, title, player) {
    this.player = player;
    this.clip = null; // {url, wave, scale, marks}
    this.span = 0; // samples that fill the width, at least
    this.button = make("button", { type: "button", class: "play", onclick: () => player.toggle(this.clip) }, title);
    this.about = make("small");
    this.waveform = make("canvas", { class: "waveform", "aria-hidden": "true" });
    this.spectrogram = make("canvas", { class: "spectrogram", "aria-hidden": "true" });
    this.seek = make("input", {
      type: "range", min: 0, step: 0.01, "aria-label": `Place in: ${title}`,
      oninput: () => player.seek(this.clip, Number(this.seek.value)),
    });
    this.cursor = make("div", { class: "cursor" });
    this.picture = make("div", { class: "picture" }, this.waveform, this.spectrogram, this.cursor, this.seek);
    this.times = make("canvas", { class: "times", "aria-hidden": "true" });
    figure.append(make("figcaption", {}, this.button, this.about), this.picture, this.times);
    new ResizeObserver(() => this.draw()).observe(this.picture);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  show(clip, about) {
    this.clip = clip;
    this.about.textContent = about;
    this.button.disabled = this.seek.disabled = !clip;
    if (clip) this.seek.max = Math.max(this.span, clip.wave.length) / RATE;
    this.draw();
    this.follow();
  }

  /** Draw so that this many samples fill the width. */
  stretch(span) {
    this.span = span;
    if (this.clip) this.show(this.clip, this.about.textContent);
  }

  draw() {
    this.picture.toggleAttribute("data-empty", !this.clip);
    const wave = this.clip?.wave ?? new Float32Array(1);
    const { peak, full } = this.clip?.scale ?? { peak: 0, full: 1 };
    const span = Math.max(this.span, wave.length);
    drawWaveform(this.waveform, wave, full, span);
    drawSpectrogram(this.spectrogram, wave, peak, span);
    for (const [from, to] of this.clip?.marks ?? []) for (const canvas of [this.waveform, this.spectrogram]) drawMark(canvas, from / span, to / span);
    if (this.clip) drawFrequencies(this.spectrogram, RATE / 2);
    drawTimes(this.times, this.clip ? span / RATE : 0);
  }

  /** Show whether it plays, and where it is. */
  follow() {
    const place = this.clip ? this.player.place(this.clip) : 0;
    const plays = Boolean(this.clip) && this.player.playing(this.clip);
    this.button.setAttribute("aria-pressed", plays);
    this.seek.value = place;
    this.seek.setAttribute("aria-valuetext", seconds(place));
    const share = this.clip ? (place * RATE) / Math.max(this.span, this.clip.wave.length) : 0;
    this.cursor.hidden = !place;
    this.cursor.style.translate = `${share * this.cursor.parentElement.clientWidth}px`;
    cancelAnimationFrame(this.frame);
    if (plays) this.frame = requestAnimationFrame(() => this.follow());
  }
}
