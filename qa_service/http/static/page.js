// Puts the page together: the form, the collections, the question in the address.

import { ApiError, call } from "./api.js";
import { showResult } from "./result.js";
import { openSource, prepareSource } from "./source.js";
import { label, labelPage } from "./strings.js";
import { element } from "./text.js";

const form = document.getElementById("ask");
const question = document.getElementById("question");
const collection = document.getElementById("collection");
const button = document.getElementById("submit");
const notice = document.getElementById("notice");
const failed = document.getElementById("error");
const result = document.getElementById("result");
const sizes = new Map();
let asking = null;

function say(words) {
  notice.textContent = words ?? "";
  notice.hidden = !words;
}

function showFailure(error) {
  if (!(error instanceof ApiError)) throw error;
  const list = element("ul");
  list.append(...error.lines.map((line) => element("li", "", line)));
  failed.replaceChildren(element("h2", "", error.message), list);
  failed.hidden = false;
}

async function ask() {
  const asked = question.value;
  if (asked.trim() === "") return;
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const chosen = collection.value || "default";
  // After the # the question stays in the browser; it reaches no log.
  history.replaceState(null, "", `#${new URLSearchParams({ q: asked, in: chosen })}`);
  failed.hidden = true;
  button.disabled = true;
  say(label("searching"));
  try {
    // The original, since highlights are offsets into it.
    const body = { question: asked, collection: chosen, text_form: "original" };
    const onWait = () => say(label("loading"));
    const answer = await call("/v1/ask", { method: "POST", body: { ...body, explain: true }, signal: mine.signal, onWait });
    const explain = (target) => call("/v1/explain", { method: "POST", body: { ...body, ...target }, signal: mine.signal });
    const open = (articleId, passage, marks) => openSource(chosen, articleId, passage, marks);
    showResult(result, answer, sizes.get(chosen) === 0, open, explain);
  } catch (error) {
    if (error.name === "AbortError") return;
    result.hidden = true;
    showFailure(error);
  } finally {
    if (asking === mine) {
      button.disabled = false;
      say(null);
    }
  }
}

async function fillCollections(wanted) {
  const listed = await call("/v1/collections", { onWait: () => say(label("loading")) });
  say(null);
  const options = listed.collections.map(({ name, articles }) => {
    sizes.set(name, articles);
    const option = element("option", "", `${name} (${articles})`);
    option.value = name;
    return option;
  });
  collection.replaceChildren(...options);
  const names = listed.collections.map(({ name }) => name);
  const fallback = names.includes("default") ? "default" : names[0];
  collection.value = names.includes(wanted) ? wanted : fallback;
}

async function start() {
  labelPage();
  prepareSource();
  const address = new URLSearchParams(location.hash.slice(1));
  question.value = address.get("q") ?? "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  question.addEventListener("keydown", (event) => {
    // An input method uses Enter to choose characters; that is no question yet.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  try {
    await fillCollections(address.get("in") ?? "default");
  } catch (error) {
    showFailure(error);
    return;
  }
  if (question.value) ask();
}

start();
