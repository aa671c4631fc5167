// Talks to the service. Every failure becomes an ApiError with words that can be shown.

import { label } from "./strings.js";

export class ApiError extends Error {
  constructor(title, lines) {
    super(title);
    this.lines = lines;
  }
}

// While the service is loading, waits and asks again; `onWait` is told each time.
export async function call(path, { method = "GET", body, signal, onWait } = {}) {
  for (;;) {
    const response = await send(path, method, body, signal);
    const data = await read(response);
    if (response.ok) return data;
    if (!data?.type?.endsWith(":loading")) throw failure(response, data);
    onWait?.();
    await pause(Number(response.headers.get("Retry-After")) || 2, signal);
  }
}

export function articlePath(id, collection) {
  // A browser takes these for steps in the path, however they are written.
  if (id === "." || id === "..") throw new ApiError(label("error"), [label("dots")]);
  return `/v1/articles/${encodeURIComponent(id)}?collection=${encodeURIComponent(collection)}`;
}

async function send(path, method, body, signal) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(label("offline"), [label("offlineRemedy")]);
  }
}

async function read(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

function failure(response, data) {
  if (!data?.errors) return new ApiError(`${label("error")} (${response.status})`, []);
  const lines = data.errors.map((one) => {
    const where = one.field ? `${one.field}: ` : "";
    return where + one.problem + (one.remedy ? ` — ${one.remedy}` : "");
  });
  return new ApiError(data.title, lines);
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}
