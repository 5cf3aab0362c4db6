// How speech gets onto the page: recorded, chosen, or dropped anywhere.

import { server } from "./api.js";
import { byId, decibels, seconds } from "./dom.js";
import { Recorder } from "./recorder.js";

const SPARE = 1; // seconds before the longest that the server takes
const FULL = 0.98; // of the most bytes

/** `onfiles` is given the files that come together, `onbegin` called when recording begins. */
export function startIntake(notices, onfiles, onbegin) {
  startFiles(onfiles);
  startDropping(onfiles);
  startRecording(notices, onfiles, onbegin);
}

function startFiles(onfiles) {
  const file = byId("file");
  window.removeEventListener("click", window.chooseEarly);
  byId("choose").addEventListener("click", () => file.click());
  const open = () => {
    const files = [...file.files];
    file.value = ""; // so that the same file can be chosen again
    if (files.length) onfiles(files);
  };
  file.addEventListener("change", open);
  open(); // what was chosen while the scripts were loading
}

function startDropping(onfiles) {
  for (const type of ["dragover", "drop"]) window.removeEventListener(type, window.keepEarly);
  if (window.early.length) onfiles(window.early.splice(0)); // what was dropped while the scripts were loading
  const area = byId("drop");
  const hover = (event) => {
    event.preventDefault();
    area.toggleAttribute("data-over", event.type === "dragover");
  };
  for (const type of ["dragover", "dragleave", "drop"]) window.addEventListener(type, hover);
  window.addEventListener("drop", ({ dataTransfer }) => {
    if (dataTransfer.files.length) onfiles([...dataTransfer.files]);
  });
}

function startRecording(notices, onfiles, onbegin) {
  let count = 0;
  const [button, level, time] = ["record", "record-level", "record-time"].map(byId);
  let recorder = null;
  const show = (running) => {
    button.textContent = running ? "Stop" : "Record";
    button.setAttribute("aria-pressed", running);
    byId("recording").hidden = !running;
  };
  const begin = async () => {
    onbegin();
    recorder = await Recorder.begin((peak, length, size) => {
      level.value = decibels(peak);
      time.textContent = seconds(length);
      if (recorder && (length > server.limits.seconds - SPARE || size > server.limits.sound_bytes * FULL)) finish();
    });
    notices.say("Recording. Press again to stop.");
    show(true);
  };
  const finish = () => {
    const sound = recorder.finish();
    recorder = null;
    show(false);
    count += 1;
    onfiles([new File([sound], count > 1 ? `recording-${count}.wav` : "recording.wav", { type: "audio/wav" })]);
  };
  button.addEventListener("click", () => notices.during(async () => {
    button.disabled = true; // while the browser asks
    try {
      await (recorder ? finish() : begin());
    } finally {
      button.disabled = false;
      button.focus();
    }
  }));
}
