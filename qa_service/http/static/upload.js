// Sends files to a collection, and tells what became of each.

import { ApiError, call, pause } from "./api.js";
import { nameOf, plan, split } from "./batches.js";
import { ownWords, problemWords } from "./problems.js";
import { label } from "./strings.js";

const POLL_SECONDS = 1;

// `onOutcome(file, outcome, reason)` is told of every file once: created, updated, unchanged, rejected, or failed when
// it was not sent. Resolves to the files that failed; does not throw for what the service says.
export async function upload(files, collection, { signal, onOutcome }) {
  const { batches, jobs, refused } = plan(files);
  for (const { file, reason, values } of refused) onOutcome(file, "rejected", label(reason, values));
  const failed = [];
  let ended = null;
  const fail = (some, reason) => {
    for (const file of some) onOutcome(file, "failed", reason);
    failed.push(...some);
  };
  for (const batch of [...batches, ...jobs.map((file) => [file])]) {
    if (ended === null) {
      try {
        await send(batch, collection, { signal, onOutcome, job: jobs.includes(batch[0]) });
        continue;
      } catch (error) {
        if (!(error instanceof ApiError) && error.name !== "AbortError") throw error;
        const aborted = error.name === "AbortError";
        fail(error.left ?? batch, aborted ? label("stopped") : error.words);
        // What holds for this batch alone does not end the others.
        if (aborted || error.gone) ended = aborted ? label("stopped") : error.words;
      }
    } else {
      fail(batch, ended);
    }
  }
  return failed;
}

async function send(batch, collection, { signal, onOutcome, job }) {
  let files = batch;
  while (files.length > 0) {
    try {
      const outcomes = job ? await sendJob(files, collection, signal) : await sendNow(files, collection, signal);
      files.forEach((file, index) => onOutcome(file, outcomes[index].outcome, reasonOf(outcomes[index])));
      return;
    } catch (error) {
      const others = await withoutWrong(files, error, onOutcome);
      if (others.length === files.length) {
        error.left = files;
        throw error;
      }
      files = others;
    }
  }
}

function reasonOf({ reason }) {
  return reason && (ownWords(reason) ?? reason);
}

// Takes out the files for which a request failed: the service names them, or they cannot be read any more.
async function withoutWrong(files, error, onOutcome) {
  const { wrong, others } = split(files, error.problems ?? []);
  for (const { file, problem } of wrong) onOutcome(file, "rejected", problemWords(problem));
  if (!error.gone) return others;
  const readable = await Promise.all(others.map(isReadable));
  return others.filter((file, index) => {
    if (!readable[index]) onOutcome(file, "rejected", label("unreadable"));
    return readable[index];
  });
}

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function sendNow(files, collection, signal) {
  const { articles } = await call(`/v1/articles?${new URLSearchParams({ collection })}`, posting(files, signal));
  return articles;
}

async function sendJob(files, collection, signal) {
  const path = `/v1/articles?${new URLSearchParams({ collection, async: "true" })}`;
  let { job } = await call(path, posting(files, signal));
  try {
    while (job.state === "queued" || job.state === "running") {
      await pause(POLL_SECONDS, signal);
      ({ job } = await call(`/v1/jobs/${encodeURIComponent(job.id)}`, { signal }));
    }
  } catch (error) {
    if (error.name === "AbortError") throw new ApiError(label("stopped"), [label("goesOn")]);
    throw error;
  }
  if (job.state === "failed") throw new ApiError(label("error"), [job.error ?? ""]);
  return job.articles;
}

function posting(files, signal) {
  const form = new FormData();
  for (const file of files) form.append("files", file, nameOf(file));
  return { method: "POST", form, signal };
}
