// Shows an article in its original text, at the passage it was opened for.

import { ApiError, articlePath, call } from "./api.js";
import { webLink } from "./result.js";
import { label } from "./strings.js";
import { element, marked } from "./text.js";

const dialog = document.getElementById("source");
const title = document.getElementById("source-title");
const about = document.getElementById("source-about");
const notice = document.getElementById("source-notice");
const text = document.getElementById("source-text");
let current = null;

export function prepareSource() {
  document.getElementById("source-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => current?.abort());
}

export async function openSource(collection, articleId, passage, marks) {
  current?.abort();
  current = new AbortController();
  const { signal } = current;
  title.textContent = articleId;
  about.replaceChildren();
  text.replaceChildren();
  say(label("fetching"));
  if (!dialog.open) dialog.showModal();
  try {
    show(await call(articlePath(articleId, collection), { signal }), passage, marks);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ApiError)) throw error;
    say([error.message, ...error.lines].join(" "));
  }
}

function show(article, passage, marks) {
  notice.hidden = true;
  title.textContent = article.title || article.id;
  const facts = [article.title ? article.id : "", article.published_at ?? ""].filter((fact) => fact !== "");
  about.replaceChildren(...facts.map((fact) => element("span", "", `${fact} `)));
  const link = webLink(article.url);
  if (link) about.append(link);
  const whole = { start: passage.start, end: passage.end, className: "passage-mark" };
  const omitted = article.audit.omitted.map((span) => ({ ...span, className: "omitted-mark" }));
  text.replaceChildren(marked(article.text, 0, [...marks, ...omitted, whole]));
  const target =
    text.querySelector(".answer-mark") ?? text.querySelector(".highlight-mark") ?? text.querySelector(".passage-mark");
  target?.scrollIntoView({ block: "center" });
  text.focus({ preventScroll: true });
}

function say(words) {
  notice.textContent = words;
  notice.hidden = false;
}
