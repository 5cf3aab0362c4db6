// Sound: each clip stands in the page as base64 and is unpacked when it is first wanted.

const clips = new Map();
for (const element of document.querySelectorAll("script[data-clip]")) clips.set(element.dataset.clip, element);

const clipName = (recording, codec) => `${recording}/${codec}`;
const canHear = (recording, codec) => clips.has(clipName(recording, codec));
const audibleCodecs = report.codecs.filter((codec) => report.examples.some((id) => canHear(id, codec.name)));

function clipBytes(recording, codec) {
  const text = atob(clips.get(clipName(recording, codec)).textContent);
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

const addresses = new Map();

/** An address for <audio>, valid while the page is open. */
function clipAddress(recording, codec) {
  const name = clipName(recording, codec);
  if (!addresses.has(name)) {
    const blob = new Blob([clipBytes(recording, codec)], { type: "audio/flac" });
    addresses.set(name, URL.createObjectURL(blob));
  }
  return addresses.get(name);
}

const RATE = 16000;
const decoded = new Map();

/** Promise of an AudioBuffer at 16 kHz. */
function clipSamples(recording, codec) {
  const name = clipName(recording, codec);
  if (!decoded.has(name)) {
    const workshop = new OfflineAudioContext(1, 1, RATE);
    decoded.set(name, workshop.decodeAudioData(clipBytes(recording, codec).buffer));
  }
  return decoded.get(name);
}

/** Plays one clip at a time and changes between clips without a click: for the blind tests. */
class Deck {
  constructor(onchange) {
    this.onchange = onchange; // called with the label that plays, or null
    this.label = null;
    this.turn = 0;
  }

  /** Play a clip under a label. With `together`, it loops, and another clip goes on at the same place. */
  async play(label, recording, codec, together = false) {
    const turn = ++this.turn;
    this.context ??= new AudioContext({ sampleRate: RATE }); // the clips' own: the browser resamples its output well
    if (this.context.state === "suspended") this.context.resume();
    const buffer = await clipSamples(recording, codec);
    if (turn !== this.turn) return; // someone pressed another button meanwhile
    const now = this.context.currentTime;
    const from = together && this.source && this.label !== label ? (now - this.began) % buffer.duration : 0;
    this.release();
    const gain = new GainNode(this.context, { gain: 0 });
    const source = new AudioBufferSourceNode(this.context, { buffer, loop: together });
    gain.gain.setValueAtTime(0, now);
    gain.gain.linearRampToValueAtTime(1, now + 0.008);
    source.connect(gain).connect(this.context.destination);
    source.onended = () => {
      if (this.source === source) this.stop();
    };
    source.start(now, from);
    Object.assign(this, { source, gain, label, began: now - from });
    this.onchange(label);
  }

  stop() {
    this.turn++;
    this.release();
    this.label = null;
    this.onchange(null);
  }

  release() {
    if (!this.source) return;
    const now = this.context.currentTime;
    this.gain.gain.setTargetAtTime(0, now, 0.003);
    this.source.stop(now + 0.02);
    this.source = null;
  }
}
