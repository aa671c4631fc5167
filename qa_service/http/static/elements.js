// Makes elements. Text enters the page as text nodes only.

import { setLabel } from "./strings.js";
import { pieces } from "./text.js";

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

// A part of an article with marks around its parts; the arguments are those of `pieces`.
export function marked(...part) {
  const fragment = document.createDocumentFragment();
  for (const { text, className } of pieces(...part)) {
    fragment.append(className ? element("mark", className, text) : text);
  }
  return fragment;
}

// Only http and https: an address can be a script too.
export function webLink(url) {
  if (!url || !/^https?:\/\//i.test(url)) return null;
  const link = labelled("a", "", "link");
  link.href = url;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  link.title = url;
  return link;
}
