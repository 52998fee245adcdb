// The server's HTTP interface. Every failure is an ApiError with words fit to be shown.
//
// `new Api()` speaks to the server the page is from; another one is named by its address, with
// a slash at the end.

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status; // 0 when there was no answer
    this.code = code;
  }
}

const ANSWER_MS = 60_000; // for what is no stream: a library may be long to look through

export const NO_ANSWER = "The server cannot be reached. Check the connection and try again.";

// Emits `unauthorized` when the server wants a token it has not seen.
export class Api extends EventTarget {
  constructor(base = "", { answerMs = ANSWER_MS } = {}) {
    super();
    this.base = base; // "" resolves against the page, so a sub-path needs no setting
    this.answerMs = answerMs;
  }

  async videos() {
    return (await this.#json("api/videos")).videos;
  }

  // The beginning of a question is enough to recommend by, and an address has to be short.
  async models(query, signal) {
    const beginning = query.slice(0, 300).replace(/\p{Surrogate}/gu, "\ufffd"); // half a letter
    const path = `api/models?query=${encodeURIComponent(beginning)}`;
    return (await this.#json(path, { signal })).models;
  }

  // A page of past runs, newest first: {runs, older}.
  runs(before) {
    return this.#json(`api/runs${before ? `?before=${encodeURIComponent(before)}` : ""}`);
  }

  run(id) {
    return this.#json(`api/runs/${encodeURIComponent(id)}`);
  }

  // The key makes it harmless to send the same question again when no answer came.
  ask(path, question, key, signal) {
    return this.#fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify(question),
      signal,
    });
  }

  // `options` as in the address of a commentary: {language, voice, style, …}.
  commentary({ file, options }, lastId, signal) {
    const headers = lastId ? { "Last-Event-ID": String(lastId) } : {};
    const path = `api/analyze-stream/${encodeURIComponent(file)}?${new URLSearchParams(options)}`;
    return this.#fetch(path, { headers, signal });
  }

  stream(id, lastId, signal) {
    const headers = lastId ? { "Last-Event-ID": String(lastId) } : {};
    return this.#fetch(`api/runs/${encodeURIComponent(id)}/stream`, { headers, signal });
  }

  stop(id) {
    return this.#json(`api/runs/${encodeURIComponent(id)}/cancel`, { method: "POST" });
  }

  stopModel(id, slot) {
    const path = `api/runs/${encodeURIComponent(id)}/models/${encodeURIComponent(slot)}/cancel`;
    return this.#json(path, { method: "POST" });
  }

  // The page itself, fetched with the token, comes with the cookie that lets media load.
  login(token) {
    return this.#fetch("./", { headers: { Authorization: `Bearer ${token}` } });
  }

  videoUrl(id) {
    return `${this.base}api/videos/${id.split("/").map(encodeURIComponent).join("/")}`;
  }

  thumbnailUrl(id) {
    return `${this.videoUrl(id)}/thumbnail`;
  }

  // Not `fetch`, which cannot tell how much has been sent.
  upload(file, onProgress, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const form = new FormData();
      form.append("file", file);
      request.open("POST", `${this.base}api/videos`);
      request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
      request.onerror = () => reject(new ApiError(0, "network", NO_ANSWER));
      request.onabort = () => reject(new ApiError(0, "cancelled", "The upload was stopped."));
      request.onload = () => {
        const body = parsed(request.responseText);
        if (request.status < 300) resolve(body);
        else reject(this.#refusal(request.status, body));
      };
      signal.addEventListener("abort", () => request.abort());
      request.send(form);
    });
  }

  async #json(path, { signal, ...options } = {}) {
    const given = new AbortController();
    const giveUp = () => given.abort();
    const timer = setTimeout(giveUp, this.answerMs);
    signal?.addEventListener("abort", giveUp);
    try {
      const response = await this.#fetch(path, { ...options, signal: given.signal });
      return await response.json();
    } catch (error) {
      if (error instanceof ApiError || signal?.aborted) throw error;
      throw new ApiError(0, "network", NO_ANSWER);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  async #fetch(path, options) {
    let response;
    try {
      response = await fetch(this.base + path, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "network", NO_ANSWER);
    }
    if (!response.ok) throw this.#refusal(response.status, parsed(await response.text()));
    return response;
  }

  #refusal(status, body) {
    if (status === 401) this.dispatchEvent(new Event("unauthorized"));
    const message = body.message ?? `The server answered ${status} and did not say why.`;
    return new ApiError(status, body.code ?? "unknown", forPeople(String(message)));
  }
}

// Where a client is to look something up is of no use to somebody who has a list to choose from.
const forPeople = (message) => message.replace(/GET \/\S+ lists [^.]+\./, "Choose from the list.");

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // a proxy's own error page
  }
}
