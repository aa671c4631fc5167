// Shows an answer and its passages.

import { label } from "./strings.js";
import { element, marked } from "./text.js";
import { why, whyNot } from "./why.js";

const HIGH = 0.8;
const MEDIUM = 0.5;
const BEFORE = 60;
const AFTER = 140;

// `open(articleId, span, marks)` shows the article from which a passage comes; `explain({article_id})` asks why it is
// none of the results.
export function showResult(place, result, collectionIsEmpty, open, explain) {
  place.replaceChildren(answerCard(result, collectionIsEmpty, open));
  if (result.passages.length > 0) {
    place.append(element("h2", "", label("passages")), passageList(result, open));
  }
  if (!collectionIsEmpty) place.append(whyNot(explain));
  place.append(element("p", "facts", `${label("took")} ${Math.round(result.timings_ms.total)} ms`));
  place.hidden = false;
}

function answerCard(result, collectionIsEmpty, open) {
  const found = result.passages.length > 0;
  const card = element("div", result.answer ? "card answer" : "card answer none");
  const caption = element("div", "caption");
  caption.append(element("strong", "", label(result.answer ? "answer" : found ? "noAnswer" : "nothing")));
  if (found) caption.append(confidence(result));
  card.append(caption);
  if (result.answer) {
    const text = element("p", "text", result.answer.text);
    text.dir = "auto";
    card.append(text, sourceButton(result.passages[0], marksOf(result, result.passages[0]), open));
  } else {
    const why = found ? "noAnswerText" : collectionIsEmpty ? "emptyText" : "nothingText";
    card.append(element("p", "", label(why)));
  }
  return card;
}

function confidence(result) {
  const word = !result.answerable ? "low" : result.confidence >= HIGH ? "high" : result.confidence >= MEDIUM ? "medium" : "low";
  const shown = element("span", "confidence");
  const bar = element("span", "bar");
  const fill = element("span");
  fill.style.setProperty("--value", String(result.confidence));
  bar.append(fill);
  shown.append(bar, element("span", "", `${label(word)} · ${result.confidence.toFixed(2)}`));
  return shown;
}

function passageList(result, open) {
  const list = element("ol", "passages");
  for (const passage of result.passages) list.append(passageCard(result, passage, open));
  return list;
}

function passageCard(result, passage, open) {
  const marks = marksOf(result, passage);
  const card = element("li", "card passage");
  const heading = element("div", "heading");
  const title = element("h3");
  title.append(sourceButton(passage, marks, open));
  heading.append(
    element("span", "rank", String(passage.rank)),
    title,
    element("span", "facts", `${label("score")} ${passage.score.toFixed(2)}`),
  );
  const whole = passage.rank === 1 || passage.highlights.length === 0;
  const quote = element("blockquote", whole ? "quote" : "quote excerpt");
  quote.dir = "auto";
  const show = (words) => {
    const shown = whole || words.length > 0 ? [marked(passage.text, passage.start, [...words, ...marks])] : excerpt(passage, marks);
    quote.replaceChildren(...shown);
  };
  show([]);
  card.append(heading, facts(passage), quote);
  if (passage.also_in.length > 0) card.append(copies(passage, open));
  const explained = result.explain?.passages.find((one) => one.passage_id === passage.passage_id);
  if (explained) {
    const words = explained.matches.map((span) => ({ ...span, className: "word-mark" }));
    card.append(why(explained, (isOpen) => show(isOpen ? words : [])));
  }
  return card;
}

// Of all passages but the first, what surrounds their best sentence.
function excerpt(passage, marks) {
  const best = passage.highlights[0];
  const start = Math.max(best.start - BEFORE, passage.start);
  const end = Math.min(best.end + AFTER, passage.end);
  const text = marked(passage.text, passage.start, marks, start, end);
  return [start > passage.start ? "…" : "", text, end < passage.end ? "…" : ""];
}

function marksOf(result, passage) {
  const marks = passage.highlights.map((span) => ({ ...span, className: "highlight-mark" }));
  if (result.answer?.passage_id === passage.passage_id) {
    marks.unshift({ start: result.answer.start, end: result.answer.end, className: "answer-mark" });
  }
  return [...marks, ...passage.omitted.map((span) => ({ ...span, className: "omitted-mark" }))];
}

function sourceButton(passage, marks, open) {
  const button = element("button", "link", passage.title || passage.article_id);
  button.type = "button";
  button.dir = "auto";
  button.title = label("whole");
  button.addEventListener("click", () => open(passage.article_id, passage, marks));
  return button;
}

function facts(passage) {
  const line = element("p", "facts");
  if (passage.title) line.append(element("span", "", passage.article_id));
  if (passage.published_at) line.append(element("time", "", passage.published_at));
  const link = webLink(passage.url);
  if (link) line.append(link);
  return line;
}

// Only http and https: an address can be a script too.
export function webLink(url) {
  if (!url || !/^https?:\/\//i.test(url)) return null;
  const link = element("a", "", label("link"));
  link.href = url;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  link.title = url;
  return link;
}

function copies(passage, open) {
  const line = element("p", "facts", label("alsoIn"));
  for (const copy of passage.also_in) line.append(sourceButton(copy, [], open));
  return line;
}
