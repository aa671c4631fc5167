// Shows one question and its answer, from the first waiting to the last word.

import { ApiError } from "./api.js";
import { button, element, labelled, setLanguage } from "./elements.js";
import { confidence, goToPassage, headingOf, passages, spoken } from "./result.js";
import { setAttributeLabel, setLabel } from "./strings.js";
import { MarkSplitter } from "./text.js";

const MARKS = / ?\[\d{1,3}\]/g;
const COPIED_SECONDS = 2;
let made = 0;

export class Turn {
  // `hooks`: open(articleId, span, marks), explain(target), again(), add().
  constructor(question, collection, hooks) {
    this.question = question;
    this.collection = collection;
    this.text = "";
    this.hooks = hooks;
    this.root = element("article", "turn");
    this.heading = element("h2", "question");
    this.asked = element("span", "", question);
    this.heading.append(this.asked);
    this.heading.dir = "auto";
    this.heading.id = `turn-${(made += 1)}`;
    this.heading.tabIndex = -1;
    setLanguage(this.heading, question);
    this.root.setAttribute("aria-labelledby", this.heading.id);
    this.body = element("div", "answer");
    this.root.append(this.heading, this.body);
    this.wait("searching");
  }

  // Once it is on the page: what is asked at length shows its beginning.
  clamp() {
    const { heading, asked } = this;
    asked.classList.add("clamped");
    if (asked.scrollHeight <= asked.clientHeight + 1) {
      asked.classList.remove("clamped");
      return;
    }
    const toggle = button("link more", "wholeQuestion", () => {
      const isShort = asked.classList.toggle("clamped");
      toggle.setAttribute("aria-expanded", String(!isShort));
      setLabel(toggle, isShort ? "wholeQuestion" : "less");
    });
    toggle.setAttribute("aria-expanded", "false");
    heading.after(toggle);
  }

  // Says what is waited for. What a cut-off answer had stays until something better comes.
  wait(key) {
    // The button that is pressed for it goes away with its note.
    if (this.body.querySelector(":scope > .note")?.contains(document.activeElement)) this.heading.focus({ preventScroll: true });
    this.body.setAttribute("aria-busy", "true");
    this.#note(labelled("p", "waiting", key));
  }

  // Begins an answer with its result; `isEmpty`: the collection has no article.
  begin(result, isEmpty) {
    this.#open();
    this.result = result;
    const found = result.passages.length > 0;
    this.title = found ? headingOf(result) : isEmpty ? "empty" : "nothing";
    this.silent = !found; // the page says it better than a fixed phrase
    this.body.classList.toggle("none", !result.answer);
    const caption = element("div", "caption");
    caption.append(labelled("h3", "", this.title));
    if (found) caption.append(confidence(result));
    this.shown.before(caption);
    if (found) {
      this.evidence = passages(result, this.hooks.open, this.hooks.explain);
      this.body.append(this.evidence);
    } else {
      const key = isEmpty ? "emptyText" : "nothingText";
      this.shown.replaceWith(labelled("p", "text", key, { collection: this.collection }));
      if (isEmpty) this.body.append(button("", "add", this.hooks.add));
    }
    this.#reveal(this.shown.isConnected ? this.shown : this.body);
  }

  // Begins a reply that rests on no search, such as to a greeting.
  beginPlain() {
    this.#open();
    this.result = null;
    this.evidence = null;
    this.silent = false;
    this.body.classList.add("none");
  }

  append(text) {
    this.text += text;
    if (!this.silent) this.#show(this.splitter.feed(text));
  }

  // Ends a complete answer; `generated`: a language model wrote it.
  end(generated) {
    this.#settle();
    if (!this.silent) setLanguage(this.shown, this.text);
    if (!this.result) return;
    const line = element("p", "facts took");
    const ms = Math.round(this.result.timings_ms.total);
    line.append(labelled("span", "", generated ? "found" : "took", { ms }));
    if ((this.result.answer || generated) && navigator.clipboard) line.append(this.#copyButton());
    this.body.append(line);
    if (this.result.question_id) this.#judgement(line, this.result.question_id);
    if (generated) {
      this.shown.after(labelled("p", "facts", "generated"));
      this.#format();
    }
  }

  // Ends with what came so far: `key` says why ("cut", "stopped"), or `error` does.
  breakOff(key, error) {
    this.#settle();
    const note = element("div", error ? "note bad" : "note");
    note.append(error ? this.#failure(error) : labelled("p", "", key), button("second", "again", this.hooks.again));
    this.#note(note);
    this.#reveal(note);
  }

  // What to read out when the answer is complete.
  spoken() {
    const text = this.text.replace(MARKS, "");
    return this.result ? spoken(this.result, this.title, text) : text;
  }

  // Folds the passages away once the talk goes on.
  fold() {
    if (this.evidence) this.evidence.open = false;
  }

  #open() {
    this.text = "";
    this.splitter = new MarkSplitter();
    this.shown = element("p", "text");
    this.shown.dir = "auto";
    this.body.replaceChildren(this.shown);
  }

  #settle() {
    this.body.removeAttribute("aria-busy");
    this.body.querySelector(":scope > .note, :scope > .waiting")?.remove();
    if (this.splitter && !this.silent) this.#show(this.splitter.end());
  }

  #show(parts) {
    this.shown.append(...parts.map((part) => this.#node(part)));
  }

  #node(part) {
    if (typeof part !== "number") return part;
    return part >= 1 && part <= (this.result?.passages.length ?? 0) ? this.#mark(part) : `[${part}]`;
  }

  #mark(rank) {
    const mark = element("button", "cite", `[${rank}]`);
    mark.type = "button";
    setAttributeLabel(mark, "aria-label", "toPassage", { rank });
    mark.addEventListener("click", () => goToPassage(this.evidence, rank));
    return mark;
  }

  // A language model may write Markdown though it is asked for none.
  async #format() {
    const { shown, text } = this;
    const loaded = await import("./markdown.js").catch(() => null);
    if (!loaded?.hasMarkdown(text) || !shown.isConnected || shown.contains(document.activeElement)) return;
    const formatted = element("div", "text");
    formatted.dir = "auto";
    formatted.lang = shown.lang;
    const plain = (some) => {
      const splitter = new MarkSplitter();
      return [...splitter.feed(some), ...splitter.end()].map((part) => this.#node(part));
    };
    formatted.append(...loaded.blocksOf(text, plain));
    shown.replaceWith(formatted);
  }

  #copyButton() {
    const copy = button("link", "copy", async () => {
      await navigator.clipboard.writeText(this.text.replace(MARKS, "")).catch(() => {});
      setLabel(copy, "copied");
      setTimeout(() => setLabel(copy, "copy"), COPIED_SECONDS * 1000);
    });
    return copy;
  }

  // Few services keep a log of questions.
  async #judgement(line, questionId) {
    const loaded = await import("./judging.js").catch(() => null);
    if (loaded) line.append(loaded.judgement(questionId));
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

  // Brings what came into view, if it is below it: the question goes to the top.
  #reveal(part) {
    if (this.root.nextElementSibling) return; // the talk has gone on
    const form = document.getElementById("ask").getBoundingClientRect();
    if (part.getBoundingClientRect().bottom > Math.min(form.top, window.innerHeight) - 8) this.root.scrollIntoView({ block: "start" });
  }
}
