// Shows the passages of a result and how sure it is.

import { button, element, labelled, marked, webLink } from "./elements.js";
import { label, setAttributeLabel, setLabel } from "./strings.js";
import { atWords } from "./text.js";
import { why, whyNot } from "./why.js";

const HIGH = 0.8;
const MEDIUM = 0.5;
const BEFORE = 60;
const AFTER = 140;

// The name of the label that says how sure a result is.
export function confidenceWord({ answerable, confidence }) {
  if (!answerable || confidence < MEDIUM) return "low";
  return confidence >= HIGH ? "high" : "medium";
}

// In words, as a number and as a bar.
export function confidence(result) {
  const shown = element("span", `confidence ${confidenceWord(result)}`);
  const bar = element("span", "bar");
  bar.setAttribute("aria-hidden", "true");
  const fill = element("span");
  fill.style.setProperty("--value", String(result.confidence));
  bar.append(fill);
  shown.append(bar, labelled("span", "", confidenceWord(result)), element("b", "", result.confidence.toFixed(2)));
  return shown;
}

// A disclosure with the passages of a result that has some. `open(articleId, span, marks)` shows the article that a
// passage comes from; `explain({article_id})` asks why an article is none of them.
export function passages(result, open, explain) {
  const details = element("details", "evidence");
  details.open = true;
  const heading = labelled("h3", "", result.answer ? "passages" : "nearest");
  const summary = element("summary");
  summary.append(heading, element("span", "count", String(result.passages.length)));
  const list = element("ol", "passages");
  for (const passage of result.passages) list.append(passageCard(result, passage, open));
  details.append(summary, list, whyNot(explain));
  return details;
}

// Brings the passage of a rank into view and puts the keyboard there.
export function goToPassage(evidence, rank) {
  evidence.open = true;
  const card = evidence.querySelector(`[data-rank="${rank}"]`);
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "center" });
}

function passageCard(result, passage, open) {
  const marks = marksOf(result, passage);
  const card = element("li", "passage");
  card.dataset.rank = passage.rank;
  card.tabIndex = -1;
  setAttributeLabel(card, "aria-label", "passage", { rank: passage.rank });
  const title = element("h4");
  title.append(sourceButton(passage, marks, open));
  const heading = element("div", "heading");
  const score = labelled("span", "facts", "score", { value: passage.score.toFixed(2) });
  heading.append(element("span", "rank", String(passage.rank)), title, score);
  card.append(heading, facts(passage), ...quoted(result, passage, marks));
  if (passage.also_in.length > 0) card.insertBefore(copies(passage, open), card.querySelector(".why"));
  return card;
}

// The passage's text: the first in full, of the others what surrounds their best sentence; and why it is a result.
function quoted(result, passage, marks) {
  const quote = element("blockquote", "quote");
  quote.dir = "auto";
  const short = passage.rank === 1 ? null : excerptOf(passage);
  let whole = short === null;
  let words = [];
  const show = () => {
    const all = [...words, ...marks];
    const shown = whole || words.length > 0 ? [marked(passage.text, passage.start, all)] : cut(passage, marks, short);
    quote.classList.toggle("excerpt", !whole && words.length === 0);
    quote.replaceChildren(...shown);
  };
  show();
  const parts = [quote];
  if (short !== null) {
    const toggle = button("link more", "more", () => {
      whole = !whole;
      setLabel(toggle, whole ? "less" : "more");
      toggle.setAttribute("aria-expanded", String(whole));
      show();
    });
    toggle.setAttribute("aria-expanded", "false");
    parts.push(toggle);
  }
  const explained = result.explain?.passages.find((one) => one.passage_id === passage.passage_id);
  if (explained) {
    const matches = explained.matches.map((span) => ({ ...span, className: "word-mark" }));
    const toggled = (isOpen) => {
      words = isOpen ? matches : [];
      show();
    };
    parts.push(why(explained, toggled));
  }
  return parts;
}

// The span around a passage's best sentence; null when that is all of it.
function excerptOf(passage) {
  const best = passage.highlights[0];
  if (!best) return null;
  const start = Math.max(best.start - BEFORE, passage.start);
  const end = Math.min(best.end + AFTER, passage.end);
  if (start === passage.start && end === passage.end) return null;
  const base = passage.start;
  const span = atWords(passage.text, { start: start - base, end: end - base });
  return { start: span.start + base, end: span.end + base };
}

function cut(passage, marks, { start, end }) {
  const text = marked(passage.text, passage.start, marks, start, end);
  return [start > passage.start ? "… " : "", text, end < passage.end ? " …" : ""];
}

export function marksOf(result, passage) {
  const marks = passage.highlights.map((span) => ({ ...span, className: "highlight-mark" }));
  if (result.answer?.passage_id === passage.passage_id) {
    marks.unshift({ start: result.answer.start, end: result.answer.end, className: "answer-mark" });
  }
  return [...marks, ...passage.omitted.map((span) => ({ ...span, className: "omitted-mark" }))];
}

function sourceButton(passage, marks, open) {
  const made = element("button", "link", passage.title || passage.article_id);
  made.type = "button";
  made.dir = "auto";
  setAttributeLabel(made, "title", "whole");
  made.addEventListener("click", () => open(passage.article_id, passage, marks));
  return made;
}

function facts(passage) {
  const line = element("p", "facts");
  if (passage.title) line.append(element("bdi", "", passage.article_id));
  if (passage.published_at) line.append(element("time", "", passage.published_at));
  const link = webLink(passage.url);
  if (link) line.append(link);
  return line;
}

function copies(passage, open) {
  const line = element("p", "facts copies");
  line.append(labelled("span", "", "alsoIn"));
  for (const copy of passage.also_in) line.append(sourceButton(copy, [], open));
  return line;
}

// An answer and how sure it is, in words alone, for who cannot see it.
export function spoken(result, title, text) {
  const sure = `${label(confidenceWord(result))} ${result.confidence.toFixed(2)}`;
  return label("done", { title: label(title), text, confidence: sure, count: result.passages.length });
}
