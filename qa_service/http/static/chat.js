// Asks a question of a conversation and reads the answer as it comes.

import { ApiError, request } from "./api.js";
import { readEvents } from "./events.js";
import { label } from "./strings.js";

const MOST_TURNS = 20; // the service reads the last few
const MARKS = / ?\[\d{1,3}\]/g; // they point at passages, and say nothing

// The answer came in part only: the connection or the service went away.
export class CutOff extends Error {}

// What was said before a question, from turns with {collection, question, text}. One that was stopped before its answer
// came still tells what a follow-up is about; one that was refused does not.
export function historyOf(turns, collection) {
  return turns
    .filter((turn) => turn.collection === collection && !turn.refused)
    .slice(-MOST_TURNS)
    .flatMap((turn) => [
      { role: "user", content: turn.question },
      ...(turn.text === "" ? [] : [{ role: "assistant", content: turn.text.replace(MARKS, "") }]),
    ]);
}

// Yields {result} once (never where the service only talks back), then {text} for each piece of the answer, then {end} with what the service says of it.
// Throws ApiError, CutOff or an AbortError.
export async function* askStreaming({ collection, question, history, signal, onWait }) {
  const messages = [...history, { role: "user", content: question }];
  const body = { model: `qa-${collection}`, messages, stream: true, qa: { sources: "result" } };
  const options = { method: "POST", body, accept: "text/event-stream", signal, onWait };
  const response = await request("/v1/chat/completions", options);
  let complete = false;
  for await (const data of whole(response.body)) {
    if (data === "[DONE]") complete = true;
    if (complete) continue; // to the stream's own end: leaving it would look like a client that is gone
    const frame = parsed(data);
    if (frame.error) throw new ApiError(label("error"), [frame.error.message]);
    if (frame.event?.type === "result") yield { result: frame.event.data };
    const text = frame.choices?.[0]?.delta?.content;
    if (text) yield { text };
    if (frame.qa) yield { end: frame.qa };
  }
  if (!complete) throw new CutOff();
}

async function* whole(body) {
  try {
    yield* readEvents(body);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new CutOff();
  }
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    throw new CutOff();
  }
}
