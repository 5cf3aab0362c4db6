// Both directions of a live session in one clock: what is captured goes out in pieces; what comes back waits in a ring
// until it is played. Sample j that is played was sample j that was captured, so the delay is known to the frame.

const QUANTUM = 128;
const PIECE_SECONDS = 0.016;
const RING_SECONDS = 4;
const MARGIN_SECONDS = 0.02; // that sound waits at first, for packets that come late
const MORE_SECONDS = 0.01; // longer after each gap
const SPARE_SECONDS = 0.06; // beyond the margin that need not wait
const TELL_SECONDS = 0.25;

class Duplex extends AudioWorkletProcessor {
  /** Sound comes back `packetSeconds` at a time, at first less. */
  constructor({ processorOptions: { packetSeconds } }) {
    super();
    this.packet = packetSeconds * sampleRate;
    this.piece = new Int16Array(QUANTUM * Math.max(1, Math.round((PIECE_SECONDS * sampleRate) / QUANTUM)));
    this.filled = 0;
    this.peak = 0;
    this.begun = null; // the frame at which sample 0 was captured
    this.ring = new Float32Array(Math.round(RING_SECONDS * sampleRate));
    this.came = 0; // samples so far, and those played or passed over
    this.gone = 0;
    this.margin = MARGIN_SECONDS * sampleRate;
    this.wait = 0; // frames until playing goes on, if it doesn't
    this.playing = false;
    this.gaps = 0;
    this.spare = Infinity; // fewest samples that waited, lately
    this.told = 0;
    this.open = true;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take(samples) {
    if (samples === null) {
      this.open = false;
      return;
    }
    if (!this.playing && this.came === this.gone) this.wait = this.margin + Math.max(0, this.packet - samples.length);
    for (const sample of samples) this.ring[this.came++ % this.ring.length] = sample / 32768;
    this.gone = Math.max(this.gone, this.came - this.ring.length);
  }

  process([[input]], [[output]]) {
    this.begun ??= currentFrame;
    this.capture(input);
    this.play(output);
    if (currentFrame - this.told >= TELL_SECONDS * sampleRate) this.tell();
    return this.open;
  }

  capture(input) {
    for (let i = 0; i < QUANTUM; i++) {
      const sample = input?.[i] ?? 0;
      this.peak = Math.max(this.peak, Math.abs(sample));
      this.piece[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
    }
    if (this.filled === this.piece.length) {
      this.port.postMessage({ piece: this.piece });
      this.filled = 0;
    }
  }

  play(output) {
    if (!this.playing && this.came > this.gone) {
      this.wait -= QUANTUM;
      this.playing = this.wait <= 0;
    }
    if (!this.playing) return;
    const ready = Math.min(QUANTUM, this.came - this.gone);
    for (let i = 0; i < ready; i++) output[i] = this.ring[this.gone++ % this.ring.length];
    this.spare = Math.min(this.spare, this.came - this.gone);
    if (ready < QUANTUM) {
      this.playing = false;
      this.gaps++;
      this.margin += MORE_SECONDS * sampleRate;
      this.wait = this.margin;
    }
  }

  tell() {
    const delay = this.playing ? (currentFrame + QUANTUM - this.begun - this.gone) / sampleRate : null;
    this.port.postMessage({ peak: this.peak, delay, gaps: this.gaps });
    if (this.spare > this.margin + SPARE_SECONDS * sampleRate && this.spare !== Infinity) {
      this.gone += Math.round(this.spare - this.margin); // all of the last while, this much waited for nothing
    }
    this.spare = Infinity;
    this.peak = 0;
    this.told = currentFrame;
  }
}

registerProcessor("duplex", Duplex);
