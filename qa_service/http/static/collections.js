// The collections there are, the one that is chosen, and the notice that says what keeps the page from either.

import { ApiError, call } from "./api.js";
import { button, element } from "./elements.js";
import { label } from "./strings.js";

const select = document.getElementById("collection");
const notice = document.getElementById("notice");
const sizes = new Map();
let fetching = 0;
let listed = false;

export const isKnown = (name) => sizes.has(name);
export const isEmpty = (name) => sizes.get(name) === 0;
export const isFetching = () => fetching > 0;
export const areListed = () => listed;
export const chosen = () => select.value || "default";
export const names = () => [...sizes.keys()];

// Shows nodes beside the question's field, or takes away what was shown.
export function say(...content) {
  if (notice.contains(document.activeElement)) document.getElementById("question").focus({ preventScroll: true });
  notice.replaceChildren(...content);
  notice.hidden = content.length === 0;
}

export function sayWords(words) {
  say(element("p", "", words));
}

// True once the collections are there; what went wrong is shown, with a way to try `again`. A collection that is
// `wanted` and unknown is said to be.
export async function refresh(wanted, again = () => refresh(wanted)) {
  fetching += 1;
  try {
    const found = await call("/v1/collections", { onWait: () => sayWords(label("loading")) });
    say();
    fill(found.collections, wanted);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(element("p", "", error.words), button("second", "again", again));
    return false;
  } finally {
    fetching -= 1;
  }
}

// Looks again without a word, unless what was chosen is gone.
export async function refreshQuietly() {
  if (isFetching() || !listed) return;
  fetching += 1;
  try {
    const found = await call("/v1/collections", { quiet: true });
    fill(found.collections, select.value);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // the next question says it
  } finally {
    fetching -= 1;
  }
}

function fill(collections, wanted) {
  const before = JSON.stringify([...sizes]);
  listed = true;
  sizes.clear();
  for (const { name, articles } of collections) sizes.set(name, articles);
  if (JSON.stringify([...sizes]) !== before) {
    const options = collections.map(({ name, articles }) => {
      const option = element("option", "", `${name} (${articles})`);
      option.value = name;
      return option;
    });
    select.replaceChildren(...options);
  }
  const fallback = sizes.has("default") ? "default" : [...sizes.keys()][0];
  select.value = sizes.has(wanted) ? wanted : fallback;
  if (wanted && !sizes.has(wanted)) sayWords(label("goneCollection", { collection: wanted }));
}
