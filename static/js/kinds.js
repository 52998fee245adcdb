// The kinds of run: how each is asked for, what its events become, and which is the last.

import { Commentary, ENDS } from "./commentary.js";
import { fromComparison } from "./comparison.js";
import { Session } from "./session.js";

export const ANALYSIS = {
  name: "analysis",
  ask: (api, question, { key, signal }) => api.ask("api/analyze/stream/parallel", question, key, signal),
  begin: (how) => new Session(how),
};

export const COMPARISON = {
  name: "comparison",
  ask: (api, question, { key, signal }) => api.ask("api/compare-stream", question, key, signal),
  begin: (how) => new Session({ ...how, translate: fromComparison }),
};

// A GET, which never pays twice: repeated, it attaches to the same work, and goes on with one
// whose server stopped. `[DONE]` does not come; one of three events is the last.
export const COMMENTARY = {
  name: "commentary",
  ask: (api, asked, { lastId, signal }) => api.commentary(asked, lastId, signal),
  begin: () => new Commentary(),
  goesOn: true,
  isLast: ({ type }) => ENDS.includes(type),
};
