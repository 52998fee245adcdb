// The kinds of run: where each is asked for, and what its events mean to a Session.

import { fromComparison } from "./comparison.js";

export const ANALYSIS = {
  name: "analysis",
  path: "api/analyze/stream/parallel",
  translate: (event) => [event],
};

export const COMPARISON = {
  name: "comparison",
  path: "api/compare-stream",
  translate: fromComparison,
};
