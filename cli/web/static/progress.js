// How far the work on a recording is: percentage and time left, with a button to cancel it.

import { cancel } from "./api.js";
import { byId, clock } from "./dom.js";

const MOST = 0.95; // of a step that takes longer than expected
const factors = { encoding: 0.1, decoding: 0.3 }; // seconds of work for a second of speech, until they are measured

export class Progress {
  /** `notices` shows it; `steps` are the kinds of work that are to be done on `seconds` of speech. */
  constructor(notices, steps, seconds) {
    Object.assign(this, { notices, seconds, left: [...steps] });
    this.bar = byId("progress");
    byId("cancel").onclick = cancel;
    byId("working").hidden = false;
    this.started = performance.now();
    this.share = 0;
  }

  expected(steps) {
    return steps.reduce((sum, kind) => sum + factors[kind] * this.seconds, 0);
  }

  /** Do one step of a kind, with a text that says which. */
  async step(kind, text, work) {
    this.left.splice(this.left.indexOf(kind), 1);
    const began = performance.now();
    const show = () => {
      const took = (performance.now() - began) / 1000;
      const rest = Math.max((1 - MOST) * factors[kind] * this.seconds, factors[kind] * this.seconds - took) + this.expected(this.left);
      const spent = (performance.now() - this.started) / 1000;
      this.bar.value = this.share = Math.max(this.share, spent / (spent + rest));
      this.notices.say(`${text} … ${Math.round(100 * this.share)}\u202f%, about ${clock(Math.max(1, rest))} left`);
    };
    show();
    const timer = setInterval(show, 500);
    try {
      const result = await work();
      factors[kind] = (performance.now() - began) / 1000 / this.seconds;
      return result;
    } finally {
      clearInterval(timer);
    }
  }

  end() {
    byId("working").hidden = true;
  }
}
