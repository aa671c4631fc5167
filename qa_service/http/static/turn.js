// Shows one question and its answer, from the first waiting to the last word.

import { ApiError } from "./api.js";
import { button, element, labelled } from "./elements.js";
import { confidence, goToPassage, passages, spoken } from "./result.js";
import { setAttributeLabel } from "./strings.js";
import { MarkSplitter } from "./text.js";

let made = 0;

export class Turn {
  // `hooks`: open(articleId, span, marks), explain(target), again(), add().
  constructor(question, collection, hooks) {
    this.question = question;
    this.collection = collection;
    this.text = "";
    this.hooks = hooks;
    this.root = element("article", "turn");
    const heading = element("h2", "question", question);
    heading.dir = "auto";
    heading.id = `turn-${(made += 1)}`;
    this.root.setAttribute("aria-labelledby", heading.id);
    this.body = element("div", "answer");
    this.root.append(heading, this.body);
    this.wait("searching");
  }

  // Says what is waited for. What a cut-off answer had stays until something better comes.
  wait(key) {
    this.body.setAttribute("aria-busy", "true");
    this.#note(labelled("p", "waiting", key));
  }

  // Begins an answer with its result; `isEmpty`: the collection has no article.
  begin(result, isEmpty) {
    this.result = result;
    this.text = "";
    this.splitter = new MarkSplitter();
    const found = result.passages.length > 0;
    this.title = result.answer ? "answer" : found ? "noAnswer" : isEmpty ? "empty" : "nothing";
    this.silent = !found; // the page says it better than a fixed phrase
    this.body.classList.toggle("none", !result.answer);
    this.shown = element("p", "text");
    this.shown.dir = "auto";
    const caption = element("div", "caption");
    caption.append(labelled("h3", "", this.title));
    if (found) caption.append(confidence(result));
    this.body.replaceChildren(caption, this.shown);
    if (found) {
      this.evidence = passages(result, this.hooks.open, this.hooks.explain);
      this.body.append(this.evidence);
    } else {
      const key = isEmpty ? "emptyText" : "nothingText";
      this.shown.replaceWith(labelled("p", "text", key, { collection: this.collection }));
      if (isEmpty) this.body.append(button("", "add", this.hooks.add));
    }
  }

  append(text) {
    this.text += text;
    if (!this.silent) this.#show(this.splitter.feed(text));
  }

  // Ends a complete answer; `generated`: a language model wrote it.
  end(generated) {
    this.#settle();
    if (generated) this.shown?.after(labelled("p", "facts", "generated"));
    const ms = Math.round(this.result.timings_ms.total);
    this.body.append(labelled("p", "facts took", "took", { ms }));
  }

  // Ends with what came so far: `key` says why ("cut", "stopped"), or `error` does.
  breakOff(key, error) {
    this.#settle();
    const note = element("div", error ? "note bad" : "note");
    note.append(error ? this.#failure(error) : labelled("p", "", key), button("second", "again", this.hooks.again));
    this.#note(note);
  }

  // What to read out when the answer is complete.
  spoken() {
    return spoken(this.result, this.title, this.text.replace(/\[\d{1,3}\]/g, ""));
  }

  // Folds the passages away once the talk goes on.
  fold() {
    if (this.evidence) this.evidence.open = false;
  }

  #settle() {
    this.body.removeAttribute("aria-busy");
    this.body.querySelector(":scope > .note, :scope > .waiting")?.remove();
    if (this.splitter && !this.silent) this.#show(this.splitter.end());
  }

  #show(parts) {
    for (const part of parts) {
      const known = typeof part === "number" && part >= 1 && part <= this.result.passages.length;
      this.shown.append(known ? this.#mark(part) : typeof part === "number" ? `[${part}]` : part);
    }
  }

  #mark(rank) {
    const mark = element("button", "cite", `[${rank}]`);
    mark.type = "button";
    setAttributeLabel(mark, "aria-label", "toPassage", { rank });
    mark.addEventListener("click", () => goToPassage(this.evidence, rank));
    return mark;
  }

  #failure(error) {
    const lines = element("div");
    lines.append(element("p", "", error.message));
    if (error instanceof ApiError) lines.append(...error.lines.map((line) => element("p", "facts", line)));
    return lines;
  }

  #note(note) {
    this.body.querySelector(":scope > .note, :scope > .waiting")?.remove();
    if (this.evidence?.isConnected) this.evidence.before(note);
    else this.body.append(note);
  }
}
