// Hands on what comes in, in pieces of some hundredths of a second.

const PIECE = 512;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(PIECE);
    this.filled = 0;
  }

  process([[input]]) {
    if (!input) return true;
    this.piece.set(input, this.filled);
    this.filled += input.length;
    if (this.filled === PIECE) {
      this.port.postMessage(this.piece);
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
