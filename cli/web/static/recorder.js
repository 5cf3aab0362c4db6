// Recording to WAV.

import { closeMicrophone, listenTo, openMicrophone } from "./microphone.js";
import { wavOf } from "./wav.js";

export class Recorder {
  /** Begin. `onlevel` is told the peak of each piece, the seconds so far, and the bytes that these make. */
  static async begin(onlevel) {
    const recorder = new Recorder();
    recorder.stream = await openMicrophone();
    try {
      Object.assign(recorder, await listenTo(recorder.stream, "worklets/capture.js"));
      recorder.listen(onlevel);
    } catch (error) {
      recorder.close();
      throw error;
    }
    return recorder;
  }

  listen(onlevel) {
    this.pieces = [];
    let count = 0;
    const node = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }) => {
      this.pieces.push(data);
      count += data.length;
      onlevel(data.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0), count / this.context.sampleRate, 2 * count);
    };
    this.source.connect(node);
  }

  /** End, and return the recording. */
  finish() {
    const rate = this.context.sampleRate;
    this.close();
    return wavOf(this.pieces, rate);
  }

  close() {
    closeMicrophone(this.stream);
    this.context?.close();
  }
}
