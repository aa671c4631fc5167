// Talks to the service. Every failure becomes an ApiError with words that can be shown.

import { currentKey, newKey } from "./key.js";
import { label } from "./strings.js";

export class ApiError extends Error {
  // `problems` has {field, problem, remedy} as the service gave them; `gone` says that it was not reached, `status` how
  // it answered (0: not at all).
  constructor(title, lines = [], { problems = [], gone = false, status = 0 } = {}) {
    super(title);
    this.lines = lines;
    this.problems = problems;
    this.gone = gone;
    this.status = status;
  }

  get words() {
    return [this.message, ...this.lines].join(" ");
  }
}

// The response to a request once it is a good one: asks for a key when one is needed, and waits while the service is
// loading, which `onWait` is told each time. A `quiet` one does neither.
export async function request(path, options = {}) {
  const { method = "GET", body, form, accept = "application/json", signal, onWait, quiet = false } = options;
  for (;;) {
    const key = currentKey();
    const response = await send(path, { method, signal, body: form ?? encoded(body), headers: headers(accept, key, body) });
    if (response.ok) return response;
    const data = await json(response).catch(ignoreUnlessAborted);
    if (quiet) throw await failure(response.status, data);
    if (response.status === 401) {
      if (!(await newKey(key, signal))) throw new ApiError(label("noKey"), [], { gone: true });
    } else if (data?.type?.endsWith(":loading") || data?.error?.code === "loading") {
      onWait?.();
      await pause(Number(response.headers.get("Retry-After")) || 2, signal);
    } else {
      throw await failure(response.status, data);
    }
  }
}

export async function call(path, options) {
  try {
    return await json(await request(path, options));
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") throw error;
    throw unreachable();
  }
}

export function articlePath(id, collection) {
  // A browser takes these for steps in the path, however they are written.
  if (id === "." || id === "..") throw new ApiError(label("error"), [label("dots")]);
  return `/v1/articles/${encodeURIComponent(id)}?collection=${encodeURIComponent(collection)}`;
}

export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function encoded(body) {
  return body === undefined ? undefined : JSON.stringify(body);
}

function headers(accept, key, body) {
  const made = { Accept: accept };
  if (body !== undefined) made["Content-Type"] = "application/json";
  if (key !== null) made.Authorization = `Bearer ${key}`;
  return made;
}

async function send(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
}

function json(response) {
  return response.json();
}

function ignoreUnlessAborted(error) {
  if (error.name === "AbortError") throw error;
  return null;
}

function unreachable() {
  return new ApiError(label("offline"), [label("offlineRemedy")], { gone: true });
}

// Refusals are rare: what puts them into words comes when it is wanted.
async function failure(status, data) {
  const given = { problems: data?.errors, status };
  if (!data?.error?.message && !data?.errors?.length) return new ApiError(`${label("error")} (${status})`, [], given);
  const { failureWords } = await import("./problems.js").catch(() => ({ failureWords: plainly }));
  const [title, ...lines] = failureWords(data);
  return new ApiError(title, lines, given);
}

function plainly(data) {
  return [label("error"), data.error?.message ?? data.detail];
}
