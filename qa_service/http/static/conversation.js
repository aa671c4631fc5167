// The conversation: asks, one question at a time, and keeps what was said.

import { ApiError, call } from "./api.js";
import { CutOff, askStreaming, historyOf } from "./chat.js";
import { label } from "./strings.js";

const place = document.getElementById("conversation");
const announced = document.getElementById("announce");
const turns = [];
let running = null;
let hooks = null;
let loading = null;

// `given`: open(collection, articleId, span, marks), isEmpty(collection), add(), onChange({asking, count}),
// onRefused(question, error) which says whether it took the question back.
export function prepareConversation(given) {
  hooks = given;
}

// Fetches what shows answers, which is wanted once somebody writes.
export function expectQuestion() {
  loading ??= import("./turn.js").catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

// Throws a TypeError if what shows answers cannot be fetched.
export async function ask(question, collection) {
  const { Turn } = await expectQuestion();
  turns.at(-1)?.fold();
  const turn = new Turn(question, collection, {
    open: (...which) => hooks.open(collection, ...which),
    explain: (target) => explain(turn, target),
    again: () => run(turn),
    add: hooks.add,
  });
  turns.push(turn);
  place.append(turn.root);
  turn.clamp();
  run(turn);
  if (turns.length > 1) turn.root.scrollIntoView({ block: "start" });
}

// True if there was something to stop.
export function stop() {
  running?.abort();
  return running !== null;
}

export function clear() {
  stop();
  turns.length = 0;
  place.replaceChildren();
  announced.textContent = "";
  hooks.onChange({ asking: false, count: 0 });
}

async function run(turn) {
  stop();
  const mine = new AbortController();
  running = mine;
  const before = turns.slice(0, turns.indexOf(turn));
  turn.history = historyOf(before, turn.collection);
  hooks.onChange({ asking: true, count: turns.length });
  announced.textContent = label("searching");
  turn.refused = false;
  turn.wait("searching");
  try {
    await follow(turn, mine.signal);
    announced.textContent = turn.spoken();
  } catch (error) {
    breakOff(turn, error);
  } finally {
    if (running === mine) {
      running = null;
      hooks.onChange({ asking: false, count: turns.length });
    }
  }
}

async function follow(turn, signal) {
  const { collection, question, history } = turn;
  let generated = false;
  let begun = false;
  const onWait = () => {
    turn.wait("loading");
    announced.textContent = label("loading");
  };
  for await (const step of askStreaming({ collection, question, history, signal, onWait })) {
    signal.throwIfAborted();
    if (step.result) {
      begun = true;
      turn.begin(step.result, hooks.isEmpty(collection));
    }
    if (step.text && !begun) {
      begun = true;
      turn.beginPlain();
    }
    if (step.text) turn.append(step.text);
    if (step.end) generated = step.end.generated === true;
  }
  if (!begun) throw new CutOff();
  turn.end(generated);
}

function breakOff(turn, error) {
  if (!turns.includes(turn)) return; // the conversation was cleared
  if (error.name === "AbortError") turn.breakOff("stopped");
  else if (error instanceof CutOff) turn.breakOff("cut");
  else if (error instanceof ApiError) refuse(turn, error);
  else {
    turn.breakOff(null, new ApiError(label("error")));
    throw error;
  }
  if (!turns.includes(turn)) announced.textContent = ""; // the page says it beside the field
  else announced.textContent = error instanceof ApiError ? error.words : label(error instanceof CutOff ? "cut" : "stopped");
}

// What the service will not answer goes back to be changed; what it cannot answer now stays, to be tried again.
function refuse(turn, error) {
  turn.refused = true;
  const wrong = error.status >= 400 && error.status < 500 && !turn.result;
  if (!wrong || turn !== turns.at(-1) || !hooks.onRefused(turn.question, error)) {
    turn.breakOff(null, error);
    return;
  }
  turns.pop();
  turn.root.remove();
}

function explain({ question, collection, history }, target) {
  const body = { question, collection, history, text_form: "original", ...target };
  return call("/v1/explain", { method: "POST", body });
}
