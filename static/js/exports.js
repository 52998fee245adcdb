// The forms a kept run can be taken away in.

import { toHtml } from "./html.js";
import { toMarkdown } from "./markdown.js";
import { fileNameOf, toJson } from "./record.js";
import { transcriptHtml, transcriptMarkdown } from "./transcript.js";

const TYPES = { json: "application/json", md: "text/markdown", html: "text/html" };
const ANSWERS = { json: toJson, md: toMarkdown, html: toHtml };
const LINES = { json: toJson, md: transcriptMarkdown, html: transcriptHtml };

// {name, type, text} of a file.
export function exported(record, format) {
  const write = (record.kind === "commentary" ? LINES : ANSWERS)[format];
  return { name: fileNameOf(record, format), type: TYPES[format], text: write(record) };
}
