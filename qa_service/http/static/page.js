// Puts the page together: the form, the collections, the language, the address.

import { ApiError, call } from "./api.js";
import { ask, clear, prepareConversation, stop } from "./conversation.js";
import { prepareDrop } from "./dropped.js";
import { button, element } from "./elements.js";
import { prepareKey } from "./key.js";
import { openSource, prepareSource } from "./source.js";
import { LANGUAGES, currentLanguage, label, labelPage, setAttributeLabel, switchLanguage } from "./strings.js";

const at = (name) => document.getElementById(name);
const form = at("ask");
const question = at("question");
const collection = at("collection");
const notice = at("notice");
const sizes = new Map();
let adding = null;

function say(...content) {
  notice.replaceChildren(...content);
  notice.hidden = content.length === 0;
}

function onChange({ asking, count }) {
  if (!asking && document.activeElement === at("stop")) question.focus({ preventScroll: true });
  at("stop").hidden = !asking;
  at("new").hidden = count === 0;
  document.body.classList.toggle("fresh", count === 0);
  setAttributeLabel(question, "placeholder", count === 0 ? "placeholder" : "placeholderNext");
}

function submit() {
  const asked = question.value;
  if (asked.trim() === "") return;
  const chosen = collection.value || "default";
  // After the # the question stays in the browser; it reaches no log. A follow-up would say nothing by itself.
  if (document.body.classList.contains("fresh")) address({ q: asked, in: chosen });
  question.value = "";
  ask(asked, chosen);
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

async function fillCollections(wanted) {
  const listed = await call("/v1/collections", { onWait: () => say(element("p", "", label("loading"))) });
  say();
  sizes.clear();
  const options = listed.collections.map(({ name, articles }) => {
    sizes.set(name, articles);
    const option = element("option", "", `${name} (${articles})`);
    option.value = name;
    return option;
  });
  collection.replaceChildren(...options);
  const fallback = sizes.has("default") ? "default" : [...sizes.keys()][0];
  collection.value = sizes.has(wanted) ? wanted : fallback;
}

// True once the collections are there; what went wrong is shown, with a way to try `again`.
async function refresh(wanted, again = () => refresh(wanted)) {
  try {
    await fillCollections(wanted);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(element("p", "", error.words), button("second", "again", again));
    return false;
  }
}

// What the address asks for: a place in an article, or a question.
async function follow() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const known = await refresh(wanted.get("in") ?? collection.value, follow);
  if (!known) return;
  if (wanted.has("article")) {
    const span = { start: offset(wanted.get("start")), end: offset(wanted.get("end")) };
    openSource(wanted.get("in") ?? collection.value, wanted.get("article"), span, [{ ...span, className: "answer-mark" }]);
  } else if (wanted.get("q")) {
    clear();
    question.value = wanted.get("q");
    submit();
  }
}

function offset(given) {
  return /^\d{1,12}$/.test(given ?? "") ? Number(given) : 0;
}

function prepareForm() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  question.addEventListener("keydown", (event) => {
    // An input method uses Enter to choose characters; that is no question yet.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  at("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address is for what is asked
    question.focus();
  });
  at("stop").addEventListener("click", () => {
    stop();
    question.focus();
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
  say(element("p", "", `${label("offline")} ${label("offlineRemedy")}`));
}

async function loadAdding() {
  const loaded = await import("./adding.js");
  loaded.prepareAdding({
    opener: at("add"),
    collections: () => ({ names: [...sizes.keys()], current: collection.value }),
    onAdded: (name) => refresh(name ?? collection.value),
  });
  return loaded;
}

labelPage();
prepareLanguage();
prepareForm();
prepareSource();
// Before the collections are known, nothing of the address was followed.
prepareKey(at("key"), () => (sizes.size === 0 ? follow() : refresh(collection.value)));
prepareDrop(at("drop"), add);
at("add").addEventListener("click", () => add());
prepareConversation({
  open: openSource,
  isEmpty: (name) => sizes.get(name) === 0,
  add: () => add(),
  onChange,
});
setAttributeLabel(question, "placeholder", "placeholder");
addEventListener("hashchange", follow);
follow();
