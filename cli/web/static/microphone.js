// The microphone, as it is: the codec shall hear what a recording would hold.

import { Problem } from "./notices.js";

const RATE = 16000;

export async function openMicrophone() {
  if (!navigator.mediaDevices) {
    throw new Problem("browsers give the microphone only to pages of this machine or over https", "open the page on the machine that serves it, or serve it with --https");
  }
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    if (error.name === "NotAllowedError") throw new Problem("the browser may not use the microphone", "allow it beside the address of the page");
    if (error.name === "NotFoundError") throw new Problem("there is no microphone", "connect one, or drop a recording");
    throw new Problem(`the microphone can't be used (${error.message})`, "see whether another program uses it");
  }
}

/** A context that hears the microphone: at the codec's rate where the browser lets it in, otherwise at its own. */
export async function listenTo(stream, worklet) {
  for (const how of [{ sampleRate: RATE }, {}]) {
    const context = new AudioContext({ latencyHint: "interactive", ...how });
    try {
      const source = context.createMediaStreamSource(stream);
      await context.resume();
      await context.audioWorklet.addModule(worklet);
      return { context, source };
    } catch (error) {
      await context.close();
      if (!how.sampleRate) throw error;
    }
  }
}

export function closeMicrophone(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
