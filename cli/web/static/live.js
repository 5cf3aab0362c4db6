// The live part of the page.

import { server } from "./api.js";
import { byId, make, rate } from "./dom.js";
import { Meters } from "./meters.js";
import { Notices } from "./notices.js";
import { Trip } from "./trip.js";

/** `onbegin` is called when a session begins. */
export function startLive(onbegin) {
  const [button, preset] = [byId("live-toggle"), byId("live-preset")];
  const notices = new Notices(byId("live-status"), byId("live-problem"));
  const meters = new Meters();
  let trip = null;
  preset.append(...server.presets.map(({ name, bit_rate }) => make("option", { value: name, selected: name === "default" }, `${name}, ${rate(bit_rate)}`)));

  const show = (running) => {
    button.textContent = running ? "Stop" : "Start";
    button.setAttribute("aria-pressed", running);
    preset.disabled = running;
  };
  const ended = (problem) => {
    trip = null;
    show(false);
    meters.end();
    notices.fail(problem);
  };
  const begin = async () => {
    onbegin();
    notices.say("Connecting …");
    const next = new Trip(preset.value, {
      facts: (facts) => meters.begin(facts),
      packet: (packet) => meters.packet(packet),
      state: (state) => meters.state(state),
      ended,
    });
    await next.begin();
    trip = next;
    show(true);
    notices.say("You hear yourself as others would.");
  };
  const end = () => {
    trip.end();
    trip = null;
    show(false);
    meters.end();
    notices.say("Stopped.");
  };
  button.addEventListener("click", () => notices.during(async () => {
    button.disabled = true; // while the browser asks
    try {
      await (trip ? end() : begin());
    } finally {
      button.disabled = false;
      button.focus();
    }
  }));
}
