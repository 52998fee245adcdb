import assert from "node:assert/strict";
import { test } from "node:test";

import { Commentary } from "../../static/js/commentary.js";
import { commentaryRecord } from "../../static/js/commentary-record.js";
import { exported } from "../../static/js/exports.js";
import { escaped } from "../../static/js/html.js";
import { fenced, oneLine } from "../../static/js/markdown.js";
import { fileNameOf, recordOf } from "../../static/js/record.js";
import { Session } from "../../static/js/session.js";

const HOSTILE = '</div><script>alert(1)</script>"\'&`````\n# Not a heading\n![x](http://evil.example/)';

function record(text = HOSTILE, label = HOSTILE) {
  const session = new Session();
  session.apply({ event_type: "start", run_id: "r", models: ["a@x=1"] });
  session.apply({ event_type: "model_start", model: "a@x=1", label, evidence: { kind: "text" } });
  session.apply({ event_type: "text_generation", model: "a@x=1", text });
  session.apply({ event_type: "performance_metrics", model: "a@x=1", metrics: { duration: 1, cost: null } });
  session.apply({ event_type: "error", model: "a@x=1", code: "quota", message: HOSTILE });
  session.apply({ event_type: "complete", models_analyzed: 1, succeeded: 0, failed: 1, cancelled: 0, total_time: 1 });
  const earlier = [{ query: HOSTILE, answers: [{ slot: "a@x=1", label, text: HOSTILE }] }];
  const about = { query: HOSTILE, video: "<b>.mp4", window: [61.5, 74], earlier };
  return recordOf(session, about, "analysis", new Date("2026-03-01T12:00:00Z"));
}

function spoken(text = HOSTILE) {
  const told = new Commentary();
  told.apply({ type: "status", run_id: "c", message: "At work.", progress: 0, stage: "prepare" });
  told.apply({ type: "commentary_ready", index: 0, text, start: 61.5, end: 64, speaker: HOSTILE });
  told.apply({ type: "line_failed", index: 1, stage: "speak", code: "x", message: HOSTILE });
  told.apply({ type: "complete", chunks: 1, final_video: "<b>-c.mp4", final_url: "/f", captions_url: "/c", warnings: [HOSTILE], progress: 100 });
  const about = { file: "<b>.mp4", options: { style: HOSTILE } };
  return commentaryRecord(told, about, new Date("2026-03-01T12:00:00Z"));
}
const OURS = ["html", "meta", "title", "style", "h1", "h2", "p", "div", "article", "dl", "dt", "dd"];
const foreign = (text) => {
  const tags = new Set([...text.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, name]) => name.toLowerCase()));
  return [...tags].filter((tag) => !OURS.includes(tag));
};

test("a commentary is kept with every line, when it is heard and who says it", () => {
  const back = JSON.parse(exported(spoken(), "json").text);
  assert.deepEqual([back.kind, back.state, back.video], ["commentary", "complete", "<b>.mp4"]);
  assert.deepEqual(back.lines.map(({ text, start, failed }) => [text, start, failed]), [[HOSTILE, 61.5, false], ["", null, true]]);
  assert.equal(exported(spoken(), "json").name, "parallax-commentary-b-2026-03-01.json");
});

test("a commentary in other forms has its times, and no markup but ours", () => {
  const html = exported(spoken(), "html").text;
  assert.deepEqual(foreign(html), []);
  assert.ok(html.includes(escaped(HOSTILE)) && html.includes("1:01.5–1:04"));
  const markdown = exported(spoken(), "md").text;
  const outside = markdown.replace(/^(`{3,})text\n[\s\S]*?^\1$/gm, "");
  assert.doesNotMatch(outside, /(?<!\\)<|(?<!\\)!\[/);
  assert.match(outside, /## 1:01\\\.5–1:04/);
});

test("an upload is called what its reader called it, in every form and in the name of the file", () => {
  const at = "2026-03-01T12:00:00Z";
  const session = new Session();
  session.apply({ event_type: "start", run_id: "r", models: [] });
  const seen = recordOf(session, { query: "What?", video: "f00.mp4", title: "Holiday.mp4", window: [0, 5] }, "analysis", new Date(at));
  const heard = commentaryRecord(new Commentary(), { file: "f00.mp4", title: "Holiday.mp4", options: {} }, new Date(at));
  for (const record of [seen, heard]) {
    for (const format of ["html", "md"]) {
      const { text } = exported(record, format);
      assert.ok(text.replaceAll("\\", "").includes("Holiday.mp4") && !text.includes("f00"));
    }
    const { video, title } = JSON.parse(exported(record, "json").text);
    assert.deepEqual([video, title], ["f00.mp4", "Holiday.mp4"]); // the first can be asked for again
  }
  assert.equal(exported(heard, "md").name, "parallax-commentary-holiday-2026-03-01.md");
});

test("the stretch that was asked about is told in every form", () => {
  assert.deepEqual(JSON.parse(exported(record(), "json").text).window, [61.5, 74]);
  assert.ok(exported(record(), "html").text.includes("&lt;b&gt;.mp4, 1:01.5–1:14"));
  assert.match(exported(record(), "md").text, /61\.5–74 s/);
});

test("as JSON it is all there, word for word", () => {
  const { text, type } = exported(record(), "json");
  const back = JSON.parse(text);
  assert.equal(type, "application/json");
  assert.equal(back.models[0].text, HOSTILE);
  assert.deepEqual([back.query, back.models[0].state, back.totals.failed], [HOSTILE, "failed", 1]);
  assert.equal(back.models[0].metrics.cost, null);
});

test("as HTML there is no element but ours, whatever was said", () => {
  const { text } = exported(record(), "html");
  assert.deepEqual(foreign(text), []);
  assert.ok(text.includes(escaped(HOSTILE)));
  assert.ok(text.includes("default-src 'none'"));
  assert.doesNotMatch(text, /src=|href=|@import|url\(/);
});

test("as Markdown what was said stays inside its fence", () => {
  const { text } = exported(record(), "md");
  assert.ok(text.includes("\n``````text\n"));
  const outside = text.replace(/^(`{3,})text\n[\s\S]*?^\1$/gm, "");
  assert.doesNotMatch(outside, /(?<!\\)<|(?<!\\)!\[/);
  assert.match(outside, /cost: not reported/);
  assert.doesNotMatch(outside, /^# Not/m);
});

test("no run of backticks closes a fence", () => {
  for (const text of ["```\nout\n```", "````", "plain", "a\r```\rb"]) {
    const lines = fenced(text).split("\n");
    const fence = lines.at(-1);
    assert.equal(lines[0], `${fence}text`);
    assert.ok(lines.slice(1, -1).every((line) => !line.trim().startsWith(fence)));
  }
});

test("a line is one line, and no sign in it is markup", () => {
  assert.equal(oneLine("a\n# b <i>"), "a \\# b \\<i\\>");
});

test("a file is named after the question and the day, in letters any disk takes", () => {
  const named = (query) => fileNameOf({ query, exported: "2026-03-01T12:00:00Z" }, "md");
  assert.equal(named("What happens in ../../etc/passwd?"), "parallax-what-happens-in-etc-passwd-2026-03-01.md");
  assert.equal(named("???"), "parallax-run-2026-03-01.md");
  assert.equal(named("Почему?"), "parallax-почему-2026-03-01.md");
  assert.ok(named("word ".repeat(500)).length < 70);
});
