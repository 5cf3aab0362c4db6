// Short-time spectra.

export const SIZE = 512; // samples a window: 32 ms, 31 Hz a line at 16 kHz

const hann = Float32Array.from({ length: SIZE }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / SIZE));
const cosines = Float32Array.from({ length: SIZE / 2 }, (_, n) => Math.cos((2 * Math.PI * n) / SIZE));
const sines = Float32Array.from({ length: SIZE / 2 }, (_, n) => Math.sin((2 * Math.PI * n) / SIZE));

/** Fast Fourier transform of SIZE complex numbers in place (Cooley and Tukey, radix 2). */
export function transform(real, imaginary) {
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

/** Levels in dB at `columns` places, evenly spread over `span` samples; SIZE / 2 lines each, from 0 Hz up. */
export function spectra(wave, columns, span = wave.length) {
  const lines = SIZE / 2;
  const levels = new Float32Array(columns * lines);
  const [real, imaginary] = [new Float32Array(SIZE), new Float32Array(SIZE)];
  for (let column = 0; column < columns; column++) {
    const from = Math.round(((column + 0.5) * span) / columns) - SIZE / 2;
    for (let n = 0; n < SIZE; n++) real[n] = hann[n] * (wave[from + n] ?? 0);
    imaginary.fill(0);
    transform(real, imaginary);
    for (let line = 0; line < lines; line++) {
      levels[column * lines + line] = 10 * Math.log10(real[line] ** 2 + imaginary[line] ** 2 + 1e-12);
    }
  }
  return levels;
}
