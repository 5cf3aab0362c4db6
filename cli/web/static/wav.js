// WAV files, 16 bits, mono.

const HEADER = 44;

/** Make a file of samples: an array of Float32Array of full scale 1. */
export function wavOf(pieces, rate) {
  const count = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const view = new DataView(new ArrayBuffer(HEADER + 2 * count));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, HEADER - 8 + 2 * count, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * count, true);
  let at = HEADER;
  for (const piece of pieces) {
    for (const sample of piece) {
      view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), true);
      at += 2;
    }
  }
  return new Blob([view], { type: "audio/wav" });
}

/** The samples of a file that the server made. */
export async function samplesOf(blob) {
  const size = new DataView(await blob.slice(HEADER - 4, HEADER).arrayBuffer()).getUint32(0, true); // tags may follow
  return Float32Array.from(new Int16Array(await blob.slice(HEADER, HEADER + size).arrayBuffer()), (sample) => sample / 32768);
}
