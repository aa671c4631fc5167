// Makes elements. Text enters the page as text nodes only.

import { currentLanguage, setLabel } from "./strings.js";
import { languageOf, pieces } from "./text.js";

const LANGUAGE_SAMPLE = 2000;
// Characters that leave ink; a name without any could not be seen or clicked.
const VISIBLE = /[^\p{C}\p{Z}\p{M}\u115f\u1160\u2800\u3164\uffa0]/u;

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// An element that shows a label in the language of the page.
export function labelled(name, className, key, values) {
  const made = element(name, className);
  setLabel(made, key, values);
  return made;
}

export function button(className, key, onClick) {
  const made = labelled("button", className, key);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

// Says which language an element's text is in, where its characters tell.
export function setLanguage(element, text) {
  const found = languageOf(text.slice(0, LANGUAGE_SAMPLE), currentLanguage());
  if (found) element.lang = found;
  else if (element.lang) element.removeAttribute("lang");
}

// What an article is called: its title, if there is something to see.
export function nameOfArticle(title, id) {
  return [title ?? "", id].find((name) => VISIBLE.test(name)) ?? "?";
}

// A part of an article with marks around its parts; the arguments are those of `pieces`.
export function marked(...part) {
  const fragment = document.createDocumentFragment();
  for (const { text, className } of pieces(...part)) {
    fragment.append(className ? element("mark", className, text) : text);
  }
  return fragment;
}

// Only http and https: an address can be a script too. The text is the host that it leads to.
export function webLink(url) {
  const host = url && /^https?:\/\//i.test(url) ? hostOf(url) : "";
  if (host === "") return null;
  const link = element("a", "", host);
  link.href = url;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  link.title = url;
  return link;
}

function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return ""; // it leads nowhere
  }
}
