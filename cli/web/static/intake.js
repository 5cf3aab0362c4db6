// How speech gets onto the page: recorded, chosen, or dropped anywhere.

import { server } from "./api.js";
import { byId, decibels, seconds } from "./dom.js";
import { Recorder } from "./recorder.js";

const SPARE = 1; // seconds before the longest that the server takes
const FULL = 0.98; // of the most bytes

/** `onfile` is given each file, `onbegin` called when recording begins. */
export function startIntake(notices, onfile, onbegin) {
  startFiles(onfile);
  startDropping(onfile);
  startRecording(notices, onfile, onbegin);
}

function startFiles(onfile) {
  const file = byId("file");
  byId("choose").addEventListener("click", () => file.click());
  const open = () => {
    if (file.files.length) onfile(file.files[0]);
    file.value = ""; // so that the same file can be chosen again
  };
  file.addEventListener("change", open);
  open(); // a file that was chosen while the scripts were loading
}

function startDropping(onfile) {
  const area = byId("drop");
  const hover = (event) => {
    event.preventDefault();
    area.toggleAttribute("data-over", event.type === "dragover");
  };
  for (const type of ["dragover", "dragleave", "drop"]) window.addEventListener(type, hover);
  window.addEventListener("drop", ({ dataTransfer }) => {
    if (dataTransfer.files.length) onfile(dataTransfer.files[0]);
  });
}

function startRecording(notices, onfile, onbegin) {
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
    onfile(new File([sound], "recording.wav", { type: "audio/wav" }));
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
