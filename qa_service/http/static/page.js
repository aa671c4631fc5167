// Puts the page together: the form, the language, the address, and what comes when it is wanted.

import * as collections from "./collections.js";
import { ask, clear, expectQuestion, prepareConversation, stop } from "./conversation.js";
import { prepareDrop } from "./dropped.js";
import { element } from "./elements.js";
import { prepareKey } from "./key.js";
import { openSource, prepareSource } from "./source.js";
import { LANGUAGES, currentLanguage, label, labelPage, setAttributeLabel, switchLanguage } from "./strings.js";

const LONGEST_QUESTION = 4000; // code points; the service refuses more
const LONGEST_IN_ADDRESS = 500;
const at = (name) => document.getElementById(name);
const question = at("question");
let held = false; // a question was asked before the collections were known
let adding = null;

function onChange({ asking, count }) {
  if (!asking && document.activeElement === at("stop")) question.focus({ preventScroll: true });
  at("stop").hidden = !asking;
  at("new").hidden = count === 0;
  document.body.classList.toggle("fresh", count === 0);
  setAttributeLabel(question, "placeholder", count === 0 ? "placeholder" : "placeholderNext");
}

function submit() {
  const asked = question.value;
  const count = [...asked.trim()].length;
  if (count === 0 || count > LONGEST_QUESTION) {
    if (count > 0) sayBesideField(label("longQuestion", { count, limit: LONGEST_QUESTION }));
    question.focus();
    return;
  }
  if (!collections.areListed()) {
    held = true;
    if (!collections.isFetching()) follow();
    return;
  }
  collections.say();
  // After the # the question stays in the browser; it reaches no log. A follow-up would say nothing by itself.
  if (document.body.classList.contains("fresh")) {
    address({ ...(count <= LONGEST_IN_ADDRESS ? { q: asked } : {}), in: collections.chosen() });
  }
  question.value = "";
  ask(asked, collections.chosen()).catch((error) => {
    question.value ||= asked;
    sayUnfetched(error);
  });
}

function sayBesideField(words) {
  collections.sayWords(words);
  at("notice").scrollIntoView({ block: "nearest" });
}

// Puts a question back that the service refused, unless the next one is being written.
function onRefused(asked, error) {
  if (question.value.trim() !== "") return false;
  question.value = asked;
  if (document.body.classList.contains("fresh") || at("conversation").childElementCount === 1) address(null);
  sayBesideField(error.words);
  if (document.activeElement === document.body) question.focus({ preventScroll: true });
  if (error.status === 404) collections.refreshQuietly();
  return true;
}

function address(parts) {
  const hash = parts ? `#${new URLSearchParams(parts)}` : location.pathname;
  history.replaceState(null, "", hash);
}

function startAnew() {
  clear();
  address(null);
  question.focus();
}

function inAddress() {
  return new URLSearchParams(location.hash.slice(1));
}

// What the address asks for: a place in an article, or a question.
async function follow() {
  const wanted = inAddress();
  const name = wanted.get("in") || collections.chosen();
  const known = await collections.refresh(wanted.get("in") || at("collection").value, follow);
  if (!known) return;
  at("submit").disabled = false;
  const asked = held ? question.value : wanted.get("q");
  if (wanted.get("article")) {
    if (!collections.isKnown(name)) return;
    const span = { start: offset(wanted.get("start")), end: offset(wanted.get("end")) };
    openSource(name, wanted.get("article"), span, [{ ...span, className: "answer-mark" }]);
  } else if (asked) {
    clear();
    question.value = asked;
    // Not of another collection than the one that was meant.
    if (collections.isKnown(name)) submit();
  }
  held = false;
}

function offset(given) {
  return /^\d{1,12}$/.test(given ?? "") ? Number(given) : 0;
}

function prepareForm() {
  at("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  question.addEventListener("keydown", (event) => {
    // An input method uses Enter to choose characters; that is no question yet.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    at("ask").requestSubmit();
  });
  question.addEventListener("input", () => expectQuestion().catch(() => {})); // it is said when it is wanted
  at("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address is for what is asked
    question.focus();
  });
  at("stop").addEventListener("click", () => {
    stop();
    question.focus();
  });
  document.addEventListener("keydown", (event) => {
    const isForPage = event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]");
    if (isForPage) stop();
  });
  at("new").addEventListener("click", startAnew);
}

function prepareLanguage() {
  const select = at("language");
  for (const { code, name } of LANGUAGES) {
    const option = element("option", "", name);
    option.value = code;
    option.lang = code;
    select.append(option);
  }
  select.value = currentLanguage();
  select.addEventListener("change", async () => {
    await switchLanguage(select.value).catch(sayUnfetched);
    select.value = currentLanguage();
  });
}

// What adds articles comes when it is wanted: most visits only ask.
async function add(files) {
  adding ??= loadAdding();
  try {
    (await adding).openAdding(files);
  } catch (error) {
    adding = null;
    sayUnfetched(error);
  }
}

// A script could not be fetched.
function sayUnfetched(error) {
  if (!(error instanceof TypeError)) throw error;
  collections.sayWords(`${label("offline")} ${label("offlineRemedy")}`);
}

async function loadAdding() {
  const loaded = await import("./adding.js");
  loaded.prepareAdding({
    opener: at("add"),
    collections: () => ({ names: collections.names(), current: collections.chosen() }),
    onAdded: (name) => collections.refresh(name ?? collections.chosen()),
  });
  return loaded;
}

function onKey() {
  if (collections.isFetching()) return; // that goes on with the key
  // Before the collections are known, nothing of the address was followed.
  if (collections.areListed()) collections.refresh(collections.chosen());
  else follow();
}

labelPage();
prepareLanguage();
prepareForm();
prepareSource(() => inAddress().get("article") && address(null));
prepareKey(at("key"), onKey);
prepareDrop(at("drop"), add);
at("add").addEventListener("click", () => add());
prepareConversation({ open: openSource, isEmpty: collections.isEmpty, add: () => add(), onChange, onRefused });
setAttributeLabel(question, "placeholder", "placeholder");
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") collections.refreshQuietly();
});
addEventListener("hashchange", follow);
follow();
