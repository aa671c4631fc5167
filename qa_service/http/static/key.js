// The service's key: asked for when a call needs it, kept for this tab. It is never in the address or in the page's text.

import { setLabel } from "./strings.js";

const STORE = "qa-key";
const GIVEN = "given";
const USABLE = /^[\x21-\x7e]+$/; // what the header can carry
const panel = document.getElementById("key-panel");
const form = document.getElementById("key-form");
const field = document.getElementById("key-field");
const reason = document.getElementById("key-reason");
const forget = document.getElementById("key-forget");
let key = stored();
let waiting = null;
let tellChange = () => {};

function stored() {
  try {
    return sessionStorage.getItem(STORE);
  } catch {
    return null; // storage may be switched off
  }
}

function keep(given) {
  key = given;
  try {
    if (given === null) sessionStorage.removeItem(STORE);
    else sessionStorage.setItem(STORE, given);
  } catch {
    // Then it is kept until the page is left.
  }
}

export function currentKey() {
  return key;
}

// Resolves to true once there is another key than the one refused (null: none was sent), to false when none is given.
export function newKey(refused, signal) {
  if (key !== refused) return Promise.resolve(true);
  waiting ??= ask(refused === null ? "needsKey" : "wrongKey").then((given) => {
    waiting = null;
    if (given) tellChange();
    else keep(null);
    return given;
  });
  return signal ? Promise.race([waiting, aborted(signal)]) : waiting;
}

function aborted(signal) {
  return new Promise((_, reject) => {
    const stop = () => reject(new DOMException("stopped", "AbortError"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

function ask(why) {
  if (why) setLabel(reason, why);
  else reason.textContent = "";
  reason.hidden = !why;
  forget.hidden = key === null;
  if (!panel.open) {
    panel.returnValue = "";
    panel.showModal();
  }
  field.focus();
  return new Promise((resolve) => {
    panel.addEventListener("close", () => resolve(panel.returnValue === GIVEN), { once: true });
  });
}

// `onChange` is told when a key was given or forgotten.
export function prepareKey(button, onChange) {
  tellChange = onChange;
  button.addEventListener("click", async () => {
    const before = key;
    if ((await ask(null)) || key !== before) onChange();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = field.value.trim();
    if (!USABLE.test(given)) {
      setLabel(reason, given === "" ? "noKey" : "wrongKey");
      reason.hidden = false;
      field.focus();
      return;
    }
    keep(given);
    panel.close(GIVEN);
  });
  panel.addEventListener("close", () => {
    field.value = "";
  });
  document.getElementById("key-cancel").addEventListener("click", () => panel.close());
  forget.addEventListener("click", () => {
    keep(null);
    panel.close();
  });
}
