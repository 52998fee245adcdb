// A run as a plain object, to be kept: what was asked, what each model answered and how.

import { textOf } from "./session.js";

// `about`: {query, video, title, window, earlier}; `title` is what its reader calls the video,
// `earlier` what was said before, if anything.
export function recordOf(session, about, kind, at = new Date()) {
  const { query, video = null, title = null, window = null, earlier = [] } = about;
  return {
    format: "parallax-run",
    exported: at.toISOString(),
    run_id: session.runId,
    kind,
    state: session.state,
    query,
    video,
    title,
    window,
    earlier,
    totals: totalsOf(session.totals),
    models: [...session.models.values()].map((model) => ({
      slot: model.slot,
      label: model.label,
      state: model.state,
      message: model.message,
      cached: model.cached,
      finish_reason: model.finish,
      evidence: model.evidence,
      metrics: model.metrics,
      text: textOf(model),
    })),
  };
}

function totalsOf(totals) {
  if (!totals) return null;
  const { event_type: _, ...figures } = totals;
  return figures;
}

// An upload's file has a name of the server's.
export const videoOf = ({ video, title }) => title ?? video;

export const toJson = (record) => `${JSON.stringify(record, null, 2)}\n`;

// A name a file may have anywhere: `parallax-what-happens-2026-11-25.json`.
export function fileNameOf(record, extension) {
  const about = record.query ?? `commentary ${videoOf(record).replace(/\.[^.]*$/, "")}`;
  const words = about.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const whole = words.join("-");
  const topic = whole.length > 40 ? whole.slice(0, 40).replace(/-[^-]*$/, "") : whole;
  return `parallax-${topic || "run"}-${record.exported.slice(0, 10)}.${extension}`;
}
