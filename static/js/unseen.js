// Runs that are followed though nobody looks at them: a server cancels one that nobody
// follows, and somebody may come back to it.

const MOST = 2; // a browser has few connections to one server

export class Unseen {
  #runs = [];

  keep(running) {
    running.changed = () => {};
    const going = ({ session }) => !session.over;
    this.#runs = [...this.#runs, running].filter(going);
    while (this.#runs.length > MOST) this.#runs.shift().leave();
  }

  // Somebody follows that run again.
  release(runId) {
    for (const running of this.#runs) if (running.session.runId === runId) running.leave();
    this.#runs = this.#runs.filter(({ session }) => session.runId !== runId);
  }
}
