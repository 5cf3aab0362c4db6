// Status and error messages: one sentence each.

/** Something that the user can understand and act on. */
export class Problem extends Error {
  constructor(reason, advice, status = 0) {
    super(`${sentence(reason)} ${sentence(advice)}`);
    this.status = status;
  }
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;

/** The places of the messages of a part of the page. */
export class Notices {
  constructor(status, problem) {
    this.status = status;
    this.problem = problem;
  }

  say(text) {
    this.status.textContent = text;
    this.problem.textContent = "";
  }

  fail(error) {
    if (!(error instanceof Problem)) console.error(error);
    this.status.textContent = "";
    this.problem.textContent = error instanceof Problem ? error.message : `Something unexpected happened: ${error.message}`;
  }

  /** Do something, and show a message if it fails. */
  async during(work) {
    try {
      return await work();
    } catch (error) {
      if (error.name === "AbortError") this.say("Cancelled.");
      else this.fail(error);
      return null;
    }
  }
}
