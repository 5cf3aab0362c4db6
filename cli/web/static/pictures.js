// Waveforms and spectrograms, as sharp as the screen.

import { clock } from "./dom.js";
import { SIZE, spectra } from "./fourier.js";

const RANGE = 75; // dB from white to black
const COLOURS = [ // dark to light, even in lightness, fit for colour-blind eyes (after matplotlib's inferno)
  [0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85],
  [227, 89, 51], [249, 140, 10], [249, 201, 50], [252, 255, 164],
];
const palette = Array.from({ length: 256 }, (_, shade) => {
  const place = (shade / 255) * (COLOURS.length - 1);
  const low = Math.min(Math.floor(place), COLOURS.length - 2);
  return COLOURS[low].map((part, channel) => part + (place - low) * (COLOURS[low + 1][channel] - part));
});

/** How a recording is drawn, and what the codec made of it beside it: its loudest line, in dB, is white. */
export function scaleOf(wave) {
  const peak = spectra(wave, Math.min(2000, Math.ceil(wave.length / 128))).reduce((one, other) => Math.max(one, other), -60);
  const full = 1.1 * wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0.001);
  return { peak, full };
}

function fit(canvas) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  return canvas.getContext("2d");
}

/** `peak` is the level, in dB, that is white. */
export function drawSpectrogram(canvas, wave, peak, span = wave.length) {
  const context = fit(canvas);
  const [columns, lines] = [canvas.width, SIZE / 2];
  const levels = spectra(wave, columns, span);
  const image = new ImageData(columns, lines);
  for (let column = 0; column < columns; column++) {
    for (let line = 0; line < lines; line++) {
      const light = 1 + (levels[column * lines + line] - peak) / RANGE;
      const [red, green, blue] = palette[Math.round(255 * Math.min(1, Math.max(0, light)))];
      image.data.set([red, green, blue, 255], 4 * ((lines - 1 - line) * columns + column));
    }
  }
  const small = new OffscreenCanvas(columns, lines);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, columns, canvas.height);
}

/** `full` is the magnitude that reaches the edge. */
export function drawWaveform(canvas, wave, full, span = wave.length) {
  const context = fit(canvas);
  const middle = canvas.height / 2;
  context.fillStyle = getComputedStyle(canvas).color;
  for (let column = 0; column < canvas.width; column++) {
    const from = Math.floor((column * span) / canvas.width);
    if (from >= wave.length) break;
    const to = Math.min(wave.length, Math.max(from + 1, Math.floor(((column + 1) * span) / canvas.width)));
    let [low, high] = [0, 0];
    for (let i = from; i < to; i++) {
      low = Math.min(low, wave[i]);
      high = Math.max(high, wave[i]);
    }
    const [top, bottom] = [high, low].map((sample) => middle * (1 - Math.max(-1, Math.min(1, sample / full))));
    context.fillRect(column, top, 1, Math.max(1, bottom - top));
  }
}

/** Mark a part of the width, from 0 to 1. */
export function drawMark(canvas, from, to) {
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(213 94 0 / 0.4)";
  context.fillRect(from * canvas.width, 0, (to - from) * canvas.width, canvas.height);
}

const lettering = (canvas) => {
  const context = canvas.getContext("2d");
  context.font = `${11 * (window.devicePixelRatio || 1)}px system-ui, sans-serif`;
  return context;
};

/** Write frequencies, in kHz, at the left edge of a spectrogram that reaches up to `highest` Hz. */
export function drawFrequencies(canvas, highest) {
  const context = lettering(canvas);
  context.textBaseline = "middle";
  context.fillStyle = "#fff";
  context.shadowColor = "#000";
  context.shadowBlur = 3 * (window.devicePixelRatio || 1);
  for (let hertz = 2000; hertz < highest; hertz += 2000) {
    context.fillText(`– ${hertz / 1000} kHz`, 2, canvas.height * (1 - hertz / highest));
  }
  context.shadowBlur = 0;
}

/** Draw the time axis of a recording of `seconds` seconds. */
export function drawTimes(canvas, seconds) {
  const context = fit(canvas);
  if (!seconds) return;
  lettering(canvas);
  context.fillStyle = getComputedStyle(canvas).color;
  const ratio = window.devicePixelRatio || 1;
  const most = Math.max(2, canvas.clientWidth / 70);
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600].find((one) => seconds / one <= most) ?? 7200;
  for (let count = 0; count * step < seconds; count++) {
    const [time, x] = [count * step, (count * step * canvas.width) / seconds];
    context.fillRect(x, 0, ratio, 4 * ratio);
    const text = step >= 60 || seconds >= 120 ? clock(time) : `${Number(time.toFixed(1))} s`;
    if (x + context.measureText(text).width < canvas.width) context.fillText(text, x, 16 * ratio);
  }
}
