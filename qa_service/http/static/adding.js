// The panel that adds articles: files by a button or dropped on the page, into a collection, with what became of each.

import { megabytes, nameOf } from "./batches.js";
import { visible } from "./dropped.js";
import { element, labelled } from "./elements.js";
import { setLabel } from "./strings.js";
import { upload } from "./upload.js";

const at = (name) => document.getElementById(name);
const panel = at("add-panel");
const into = at("add-into");
const name = at("add-name");
const start = at("add-start");
const outcomes = at("add-outcomes");
const NEW = ""; // no collection has an empty name
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
let chosen = [];
let running = null;
let hooks = null;

// `given`: collections() -> {names, current}, onAdded(collection or null), opener (the button that shows the progress).
export function prepareAdding(given) {
  hooks = given;
  at("add-close").addEventListener("click", () => panel.close());
  at("add-stop").addEventListener("click", () => running?.abort());
  at("add-again").addEventListener("click", send);
  at("add-files").addEventListener("change", (event) => choose([...event.target.files]));
  at("add-folder").addEventListener("change", (event) => choose(visible([...event.target.files])));
  into.addEventListener("change", showNew);
  at("add-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
}

// Shows the panel, with files that are chosen already or without.
export function openAdding(files) {
  if (!running) {
    const { names, current } = hooks.collections();
    const options = names.map((one) => option(element("option", "", one), one));
    into.replaceChildren(...options, option(labelled("option", "", "newCollection"), NEW));
    into.value = names.includes(current) ? current : NEW;
    showNew();
  }
  if (!panel.open) panel.showModal();
  if (files) choose(files);
}

function option(made, value) {
  made.value = value;
  return made;
}

function showNew() {
  at("add-new").hidden = into.value !== NEW;
}

function choose(files) {
  if (running) {
    setLabel(at("add-chosen"), "busy");
    return;
  }
  chosen = files;
  setLabel(at("add-chosen"), "chosen", { count: files.length, size: megabytes(files) });
  start.disabled = files.length === 0;
  at("add-work").hidden = true;
  at("add-again").hidden = true;
  if (files.length > 0) start.focus();
}

async function send() {
  const collection = into.value === NEW ? name.value.trim() : into.value;
  if (!NAME.test(collection)) {
    name.focus();
    name.setAttribute("aria-invalid", "true");
    return;
  }
  name.removeAttribute("aria-invalid");
  running = new AbortController();
  const counts = { created: 0, updated: 0, unchanged: 0, rejected: 0, failed: 0 };
  const total = chosen.length;
  let done = 0;
  const onOutcome = (file, outcome, reason) => {
    counts[outcome] += 1;
    done += 1;
    addRow(outcomeRow(file, outcome, reason), outcome);
    progress(done, total);
  };
  outcomes.replaceChildren();
  progress(0, total);
  working(true);
  try {
    chosen = await upload(chosen, collection, { signal: running.signal, onOutcome });
  } finally {
    working(false);
    finish(counts);
    // Who closed the panel may be asking something else by now.
    hooks.onAdded(panel.open ? collection : null);
  }
}

function holdPage(event) {
  event.preventDefault(); // the browser asks whether the page may go
}

function working(on) {
  if (!on) running = null;
  if (on) addEventListener("beforeunload", holdPage);
  else removeEventListener("beforeunload", holdPage);
  at("add-work").hidden = false;
  at("add-left").hidden = true;
  at("add-stop").hidden = !on;
  for (const control of [start, into, name, at("add-files"), at("add-folder")]) control.disabled = on;
  at("add-again").hidden = true;
  if (on) at("add-stop").focus();
}

function progress(done, total) {
  Object.assign(at("add-progress"), { value: done, max: Math.max(total, 1) });
  setLabel(at("add-count"), "adding", { done, total });
  setLabel(hooks.opener, "addRunning", { done, total });
}

function finish(counts) {
  const failed = counts.failed;
  setLabel(at("add-count"), "added", counts);
  setLabel(at("add-left"), "addedNot", { count: failed });
  at("add-left").hidden = failed === 0;
  setLabel(hooks.opener, "add");
  const said = failed > 0 ? [at("add-count"), at("add-left")] : [at("add-count")];
  at("add-said").textContent = said.map((one) => one.textContent).join(", ");
  at("add-again").hidden = failed === 0;
  // The same files once more would change nothing.
  start.disabled = true;
  for (const field of [at("add-files"), at("add-folder")]) field.value = "";
  at("add-chosen").textContent = "";
  delete at("add-chosen").dataset.label;
  (failed > 0 ? at("add-again") : at("add-close")).focus();
}

// What went wrong comes first: it would be missed below many that went well.
function addRow(row, outcome) {
  const isWrong = outcome === "rejected" || outcome === "failed";
  outcomes.insertBefore(row, isWrong ? outcomes.querySelector("li:not(.rejected, .failed)") : null);
}

function outcomeRow(file, outcome, reason) {
  const row = element("li", outcome);
  row.append(element("bdi", "name", nameOf(file)), labelled("span", "outcome", outcome));
  if (reason) row.append(element("span", "facts", reason));
  return row;
}
