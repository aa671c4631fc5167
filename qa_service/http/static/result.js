// Shows the passages of a result and how sure it is.

import { button, element, labelled, marked, nameOfArticle, setLanguage, webLink } from "./elements.js";
import { label, setAttributeLabel, setLabel } from "./strings.js";
import { atWords } from "./text.js";
import { why, whyNot } from "./why.js";

const HIGH = 0.8;
const MEDIUM = 0.5;
const BEFORE = 60;
const AFTER = 140;
const HARDLY = 0.02; // a score below it says that a passage has next to nothing to do with the question
const NARROW = "(max-width: 36rem)";
const TALL = 260; // code points, on a narrow screen

// The name of the label that says how sure a result is.
export function confidenceWord({ answerable, confidence }) {
  if (!answerable || confidence < MEDIUM) return "low";
  return confidence >= HIGH ? "high" : "medium";
}

// The name of the label above what a result with passages says.
export function headingOf({ answer, confidence }) {
  if (!answer) return "noAnswer";
  return confidence < MEDIUM ? "possible" : "answer";
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
  const near = result.passages.filter(({ rank, score }) => rank === 1 || score >= HARDLY);
  details.append(summary, cards(result, near, open));
  const far = result.passages.slice(near.length);
  if (far.length > 0) details.append(farther(result, far, open));
  details.append(whyNot(explain));
  return details;
}

function cards(result, some, open) {
  const list = element("ol", "passages");
  list.append(...some.map((passage) => passageCard(result, passage, open)));
  return list;
}

function farther(result, far, open) {
  const details = element("details", "farther");
  details.append(labelled("summary", "", "farther", { count: far.length }), cards(result, far, open));
  return details;
}

// Brings the sentence of a rank's passage into view and puts the keyboard on the passage.
export function goToPassage(evidence, rank) {
  evidence.open = true;
  const card = evidence.querySelector(`[data-rank="${rank}"]`);
  const folded = card.closest(".farther");
  if (folded) folded.open = true;
  card.focus({ preventScroll: true });
  const sentence = card.querySelector(".answer-mark") ?? card.querySelector(".highlight-mark") ?? card;
  const isTall = sentence.getBoundingClientRect().height > window.innerHeight / 2;
  sentence.scrollIntoView({ block: isTall ? "start" : "center" });
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

// The passage's text: the first in full where there is room, of the others what surrounds their best sentence; and why
// it is a result.
function quoted(result, passage, marks) {
  const quote = element("blockquote", "quote");
  quote.dir = "auto";
  setLanguage(quote, passage.text);
  const isShort = passage.end - passage.start <= TALL || !matchMedia(NARROW).matches;
  const short = passage.rank === 1 && isShort ? null : excerptOf(result, passage);
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

// The span around a passage's answer or best sentence; null when that is all of it.
function excerptOf(result, passage) {
  const best = result.answer?.passage_id === passage.passage_id ? result.answer : passage.highlights[0];
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
  const made = element("button", "link", nameOfArticle(passage.title, passage.article_id));
  setLanguage(made, made.textContent);
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
