// A kept run as one HTML file that needs nothing else. It holds no script and allows none.

import { videoOf } from "./record.js";
import { writeTime } from "./times.js";
import { evidenceWords, figures, stateWords, totalWords } from "./wording.js";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.3; overflow-wrap: anywhere; }
.quiet { color: GrayText; font-size: 0.875rem; overflow-wrap: anywhere; }
.answers { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
article { padding: 1.25rem; border: 1px solid; border-color: color-mix(in srgb, currentcolor 20%, transparent); border-radius: 0.75rem; min-width: 0; }
article h2 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 1rem; font-size: 0.875rem; }
dd { margin: 0; }
`;

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => ESCAPES[sign]);

export function toHtml(record) {
  const { query, window, totals, run_id, exported, earlier, models } = record;
  const video = videoOf(record);
  const asked = video && window ? `${video}, ${window.map((seconds) => writeTime(seconds, 1)).join("–")}` : video;
  const about = [asked, totals && totalWords(totals), `run ${run_id}`, `exported ${exported}`];
  const said = `${earlier.map(before).join("")}<div class="answers">\n${models.map(article).join("")}</div>\n`;
  return page(query, about, said);
}

// `body` is markup; the others are text.
export function page(title, about, body) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<h1 dir="auto">${escaped(title)}</h1>
<p class="quiet">${escaped(about.filter(Boolean).join(" · "))}</p>
${body}</html>
`;
}

function before({ query, answers }) {
  const said = answers.map(({ label, text }) => `<article><h2>${escaped(label)}</h2>${words(text)}</article>`);
  return `<h2 dir="auto">${escaped(query)}</h2>\n<div class="answers">\n${said.join("\n")}\n</div>\n`;
}

function article(model) {
  const { label, slot, message, evidence, metrics, cached, text } = model;
  const quiet = [slot !== label && slot, stateWords({ ...model, since: null }), message];
  if (evidence) quiet.push(evidenceWords(evidence));
  const rows = metrics ? figures(metrics, cached).map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`) : [];
  return `<article>
<h2 dir="auto">${escaped(label)}</h2>
<p class="quiet">${escaped(quiet.filter(Boolean).join(" · "))}</p>
${words(text)}
${rows.length ? `<dl>${rows.join("")}</dl>` : ""}
</article>
`;
}

export const words = (text) => `<div class="text" dir="auto">${escaped(text)}</div>`;
