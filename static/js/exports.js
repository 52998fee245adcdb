// The forms a kept run can be taken away in.

import { toHtml } from "./html.js";
import { toMarkdown } from "./markdown.js";
import { fileNameOf, toJson } from "./record.js";

const FORMS = {
  json: { type: "application/json", write: toJson },
  md: { type: "text/markdown", write: toMarkdown },
  html: { type: "text/html", write: toHtml },
};

// {name, type, text} of a file.
export function exported(record, format) {
  const { type, write } = FORMS[format];
  return { name: fileNameOf(record, format), type, text: write(record) };
}
