// What the service says is wrong, in the page's language where it is said often; else in the service's own words.

import { label } from "./strings.js";

// By how the service says it; what is caught goes into the words.
const KNOWN = [
  [/^it is empty\b|^it holds no letter or digit/, "emptyQuestion", []],
  [/^it has (\d+) characters, (\d+) are allowed/, "longQuestion", ["count", "limit"]],
  [/^there is no model 'qa-([^']+)'/, "goneCollection", ["collection"]],
  [/^there is no collection '([^']+)'/, "goneCollection", ["collection"]],
  [/^collection '([^']+)' has no article '(.*)'$/, "goneArticle", ["collection", "article"]],
  [/^the article has no text|^the page is empty|without any text/, "noText", []],
  [/^this is a binary file/, "binary", []],
  [/content type '([^']*)' is not supported/, "kind", ["kind"]],
  [/^the article has (\d+) characters, (\d+) are allowed/, "longArticle", ["count", "limit"]],
  [/^this key (?:is not for that|is for some collections)/, "keyNotForThis", []],
  [/^this key may (?:ask|have) \d+ /, "tooMany", []],
  [/^the file is cut off or damaged/, "damaged", []],
];
const FIELD = /^(?:messages|model|question|content_type|Authorization): /;

// The page's words for what the service said; null when it has none.
export function ownWords(said) {
  const problem = said.replace(FIELD, "");
  for (const [pattern, name, keys] of KNOWN) {
    const found = pattern.exec(problem);
    if (found) return label(name, Object.fromEntries(keys.map((key, index) => [key, found[index + 1]])));
  }
  return null;
}

// A problem of a refusal: {field, problem, remedy}.
export function problemWords({ field, problem, remedy }) {
  return ownWords(problem) ?? (field ? `${field}: ` : "") + problem + (remedy ? ` — ${remedy}` : "");
}

// The lines of an answer that is none, whichever of the service's shapes it comes in, and their title.
export function failureWords(data) {
  if (data.error) {
    const own = ownWords(data.error.message);
    return own ? [own] : [label("error"), data.error.message.replace(FIELD, "")];
  }
  const own = data.errors.map(({ problem }) => ownWords(problem));
  return own.every((words) => words !== null) ? own : [data.title, ...data.errors.map(problemWords)];
}
