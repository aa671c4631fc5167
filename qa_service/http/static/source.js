// Shows an article in its original text, at the passage it was opened for.

import { ApiError, articlePath, call } from "./api.js";
import { element, marked, nameOfArticle, setLanguage, webLink } from "./elements.js";
import { label } from "./strings.js";

const dialog = document.getElementById("source");
const title = document.getElementById("source-title");
const about = document.getElementById("source-about");
const notice = document.getElementById("source-notice");
const text = document.getElementById("source-text");
let current = null;

// `onClose` is told when the article is put away.
export function prepareSource(onClose) {
  document.getElementById("source-close").addEventListener("click", () => dialog.close());
  // A selection that ends outside is no click there.
  let pressed = null;
  dialog.addEventListener("pointerdown", (event) => {
    pressed = event.target;
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && pressed === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    current?.abort();
    text.replaceChildren();
    onClose();
  });
}

// `span` {start, end} is marked and shown, `marks` within it as what their class names say.
export async function openSource(collection, articleId, span, marks) {
  current?.abort();
  current = new AbortController();
  const { signal } = current;
  title.textContent = nameOfArticle("", articleId);
  title.removeAttribute("lang");
  about.replaceChildren();
  text.replaceChildren();
  say(label("fetching"));
  if (!dialog.open) dialog.showModal();
  try {
    show(await call(articlePath(articleId, collection), { signal }), span, marks);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ApiError)) throw error;
    say(error.words);
  }
}

function show(article, span, marks) {
  notice.hidden = true;
  title.textContent = nameOfArticle(article.title, article.id);
  setLanguage(title, title.textContent);
  setLanguage(text, article.text);
  const facts = [article.title ? article.id : "", article.published_at ?? ""].filter((fact) => fact !== "");
  about.replaceChildren(...facts.map((fact) => element("bdi", "", fact)));
  const link = webLink(article.url);
  if (link) about.append(link);
  const whole = { ...span, className: "passage-mark" };
  const omitted = article.audit.omitted.map((one) => ({ ...one, className: "omitted-mark" }));
  text.replaceChildren(marked(article.text, 0, [...marks, ...omitted, whole]));
  const target = ["answer", "highlight", "passage"]
    .map((name) => text.querySelector(`.${name}-mark`))
    .find((found) => found !== null);
  target?.scrollIntoView({ block: "center" });
  text.focus({ preventScroll: true });
}

function say(words) {
  notice.textContent = words;
  notice.hidden = false;
}
