// Requests to the server.

import { Problem } from "./notices.js";

let controller = new AbortController();

/** End all requests; whoever waits for them gets an AbortError. */
export function cancel() {
  controller.abort();
  controller = new AbortController();
}

async function ask(path, body) {
  const { signal } = controller;
  let response;
  try {
    response = await fetch(`api/${path}`, body ? { method: "POST", body, signal } : {});
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem("the server doesn't answer", "check that `sotto serve` is still running");
  }
  if (response.ok) return response;
  const { error, advice } = await response.json().catch(() => ({}));
  throw new Problem(error ?? `the server says ${response.status}`, advice ?? "try again in a minute", response.status);
}

export const server = await (await ask("models")).json();

const query = (values) => new URLSearchParams(values).toString();

/** A recording as the codec receives it: WAV at 16 kHz. */
export const sound = async (file) => (await ask("sound", within(file, "sound_bytes"))).blob();
export const encode = async (file, preset) => (await ask(`encode?${query({ preset })}`, within(file, "sound_bytes"))).blob();
export const decode = async (coded, how) => (await ask(`decode?${query(how)}`, coded)).blob();
export const info = async (coded) => (await ask("info", within(coded, "coded_bytes"))).json();
export const voice = async (file) => (await (await ask("voice", within(file, "sound_bytes"))).json()).voice;

/** Refuse here what the server would: it would hang up before all is sent. */
function within(file, limit) {
  const most = server.limits[limit];
  if (file.size <= most) return file;
  const size = most >= 2 ** 20 ? `${most / 2 ** 20} MiB` : `${most / 2 ** 10} KiB`;
  throw new Problem(`a file of more than ${size}`, "give a shorter one, or use `sotto` in a terminal", 413);
}
