// Bytes -> events, by the rules of the WHATWG event stream.
//
// A read may end anywhere: inside a message, between CR and LF, inside a letter. What is
// not complete waits for the next read; what is not complete at the end was never said.

const LINE_END = /\r\n|\n|\r/g;

export class EventReader {
  #decoder = new TextDecoder(); // drops a BOM at the beginning, and only there
  #line = "";
  #afterCR = false;
  #data = [];
  #type = "";

  lastEventId = "";
  retryMs = null;

  // Returns the events these bytes completed: {id, type, data}.
  push(bytes) {
    const text = this.#decoder.decode(bytes, { stream: true });
    const events = [];
    let start = 0;
    if (this.#afterCR && text) {
      start = text[0] === "\n" ? 1 : 0;
      this.#afterCR = false;
    }
    for (;;) {
      LINE_END.lastIndex = start;
      const end = LINE_END.exec(text);
      if (!end) break;
      const line = this.#line + text.slice(start, end.index);
      this.#line = "";
      start = end.index + end[0].length;
      // This CR may be the first half of a CRLF whose LF is in the next read.
      this.#afterCR = end[0] === "\r" && start === text.length;
      this.#take(line, events);
    }
    this.#line += text.slice(start);
    return events;
  }

  #take(line, events) {
    if (line === "") {
      if (this.#data.length) {
        const type = this.#type || "message";
        events.push({ id: this.lastEventId, type, data: this.#data.join("\n") });
      }
      this.#data = [];
      this.#type = "";
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment: somebody is alive
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value[0] === " ") value = value.slice(1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.lastEventId = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) this.retryMs = Number(value);
  }
}
