// Recordings in any format that the server or this browser can read.

import { sound } from "./api.js";
import { wavOf } from "./wav.js";

const UNREADABLE = 422;
const RATE = 48000;

/** Find what the server can read of a file: itself, or what this browser made of it; and how the codec hears it. */
export async function readable(file) {
  try {
    return { file, heard: await sound(file) };
  } catch (problem) {
    if (problem.status !== UNREADABLE) throw problem;
    const converted = await convert(file);
    if (!converted) throw problem;
    return { file: converted, heard: await sound(converted) };
  }
}

async function convert(file) {
  const workshop = new OfflineAudioContext(1, 1, RATE);
  const buffer = await workshop.decodeAudioData(await file.arrayBuffer()).catch(() => null);
  if (!buffer) return null;
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, index) => buffer.getChannelData(index));
  const mixed = channels[0].map((_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length);
  return wavOf([mixed], RATE);
}
