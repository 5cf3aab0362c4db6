// Waveforms and spectrograms, as sharp as the screen.

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
export function drawSpectrogram(canvas, wave, peak) {
  const context = fit(canvas);
  const [columns, lines] = [canvas.width, SIZE / 2];
  const levels = spectra(wave, columns);
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
export function drawWaveform(canvas, wave, full) {
  const context = fit(canvas);
  const middle = canvas.height / 2;
  context.fillStyle = getComputedStyle(canvas).color;
  for (let column = 0; column < canvas.width; column++) {
    const from = Math.floor((column * wave.length) / canvas.width);
    const to = Math.max(from + 1, Math.floor(((column + 1) * wave.length) / canvas.width));
    let [low, high] = [0, 0];
    for (let i = from; i < to; i++) {
      low = Math.min(low, wave[i]);
      high = Math.max(high, wave[i]);
    }
    const [top, bottom] = [high, low].map((sample) => middle * (1 - Math.max(-1, Math.min(1, sample / full))));
    context.fillRect(column, top, 1, Math.max(1, bottom - top));
  }
}
