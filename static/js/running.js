// One run on the page: asked or come back to, followed to its end, told as it goes.

import { ApiError, NO_ANSWER } from "./api.js";
import { follow } from "./follow.js";
import { Session } from "./session.js";

export class Running {
  session = new Session();
  lost = false; // the connection broke and is being tried again

  // `changed()` is called whenever there is something new to show.
  constructor(api, changed) {
    this.api = api;
    this.changed = changed;
  }

  ask(question) {
    const key = randomKey();
    const ask = () => this.api.ask(question, key);
    // Before the first message there is no id to come back to, but the key finds the run.
    const again = (lastId) => {
      const { runId } = this.session;
      return runId ? this.api.stream(runId, lastId) : ask();
    };
    return this.#follow(ask, again);
  }

  comeBack(id) {
    const stream = (lastId) => this.api.stream(id, lastId);
    return this.#follow(stream, stream);
  }

  // Throws only when nothing of the run was heard; after that its own words say what broke.
  async #follow(first, again) {
    try {
      await follow({ first, again, hear: (event) => this.#hear(event), lost: () => this.#lose() });
      if (!this.session.runId) throw new ApiError(0, "network", NO_ANSWER);
    } catch (error) {
      if (!this.session.runId || !(error instanceof ApiError)) throw error;
      this.session.problem = error.message;
    } finally {
      this.lost = false;
      this.session.close();
      this.changed();
    }
  }

  #hear(event) {
    this.lost = false;
    this.session.apply(event);
    this.changed();
  }

  #lose() {
    this.lost = true;
    this.changed();
  }
}

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs https
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
