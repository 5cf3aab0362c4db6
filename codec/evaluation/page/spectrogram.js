// Spectrograms, computed here from the decoded sound.

const SIZE = 512; // samples a window: 32 ms, 31 Hz a line
const HOP = 128;
const RANGE = 75; // dB from white to black
const COLOURS = [ // dark to light, even in lightness, fit for colour-blind eyes (after matplotlib's inferno)
  [0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85],
  [227, 89, 51], [249, 140, 10], [249, 201, 50], [252, 255, 164],
];

const hann = Float32Array.from({ length: SIZE }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / SIZE));
const cosines = Float32Array.from({ length: SIZE / 2 }, (_, n) => Math.cos((2 * Math.PI * n) / SIZE));
const sines = Float32Array.from({ length: SIZE / 2 }, (_, n) => Math.sin((2 * Math.PI * n) / SIZE));

/** Fast Fourier transform of SIZE complex numbers in place (Cooley and Tukey, radix 2). */
function transform(real, imaginary) {
  for (let i = 1, j = 0; i < SIZE; i++) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let half = 1; half < SIZE; half *= 2) {
    const stride = SIZE / (2 * half);
    for (let start = 0; start < SIZE; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [a, b] = [start + k, start + k + half];
        const [c, s] = [cosines[k * stride], sines[k * stride]];
        const re = real[b] * c + imaginary[b] * s;
        const im = imaginary[b] * c - real[b] * s;
        real[b] = real[a] - re;
        imaginary[b] = imaginary[a] - im;
        real[a] += re;
        imaginary[a] += im;
      }
    }
  }
}

/** Decibels, frame after frame, SIZE / 2 each from 0 Hz up. */
function decibels(wave) {
  const frames = Math.max(1, Math.floor((wave.length - SIZE) / HOP) + 1);
  const levels = new Float32Array((frames * SIZE) / 2);
  for (let frame = 0; frame < frames; frame++) {
    const real = hann.map((weight, n) => weight * (wave[frame * HOP + n] ?? 0));
    const imaginary = new Float32Array(SIZE);
    transform(real, imaginary);
    for (let line = 0; line < SIZE / 2; line++) {
      levels[(frame * SIZE) / 2 + line] = 10 * Math.log10(real[line] ** 2 + imaginary[line] ** 2 + 1e-12);
    }
  }
  return levels;
}

const palette = Array.from({ length: 256 }, (_, shade) => {
  const place = (shade / 255) * (COLOURS.length - 1);
  const low = Math.min(Math.floor(place), COLOURS.length - 2);
  return COLOURS[low].map((part, channel) => part + (place - low) * (COLOURS[low + 1][channel] - part));
});

/** The loudest line of a recording, in dB: white in its spectrogram and in those of what codecs made of it. */
const peaks = new Map();
function peakOf(recording) {
  if (!peaks.has(recording)) {
    const loudest = (buffer) => decibels(buffer.getChannelData(0)).reduce((one, other) => Math.max(one, other));
    peaks.set(recording, clipSamples(recording, "original").then(loudest));
  }
  return peaks.get(recording);
}

async function drawSpectrogram(canvas, recording, codec) {
  const [buffer, peak] = await Promise.all([clipSamples(recording, codec), peakOf(recording)]);
  const levels = decibels(buffer.getChannelData(0));
  const lines = SIZE / 2;
  const frames = levels.length / lines;
  Object.assign(canvas, { width: frames, height: lines });
  const context = canvas.getContext("2d");
  const image = context.createImageData(frames, lines);
  for (let frame = 0; frame < frames; frame++) {
    for (let line = 0; line < lines; line++) {
      const light = 1 + (levels[frame * lines + line] - peak) / RANGE;
      const shade = palette[Math.round(255 * Math.min(1, Math.max(0, light)))];
      const pixel = 4 * ((lines - 1 - line) * frames + frame);
      image.data.set([...shade, 255], pixel);
    }
  }
  context.putImageData(image, 0, 0);
  canvas.dataset.drawn = "yes";
}
