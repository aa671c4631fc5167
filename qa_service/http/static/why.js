// Why a passage is a result, and why an article is none: ranks and scores at every stage.

import { ApiError } from "./api.js";
import { currentLanguage, label, setAttributeLabel } from "./strings.js";
import { element, labelled, setLanguage } from "./elements.js";

const LEGS = ["window", "sentence", "bm25"];
const LATER = ["fused", "refined", "reranker"];
const MOST_WORDS = 12;

// A disclosure of how a result came by its place; `onToggle(open)` is told when it opens and closes.
export function why(explained, onToggle) {
  const details = element("details", "why");
  const share = Math.round(explained.matched_idf_share * 100);
  details.append(
    labelled("summary", "", "why"),
    stages(explained, null),
    labelled("p", "facts", "wordShare", { share }),
  );
  details.addEventListener("toggle", () => onToggle(details.open));
  return details;
}

// A form that asks why an article is no result; `explain({article_id})` asks the service.
export function whyNot(explain) {
  const details = element("details", "why-not");
  const form = element("form");
  const name = element("label");
  const input = element("input");
  input.name = "article";
  input.required = true;
  input.maxLength = 512;
  input.autocomplete = "off";
  input.dir = "auto";
  name.append(labelled("span", "", "articleId"), " ", input);
  const button = labelled("button", "second", "explain");
  button.type = "submit";
  form.append(name, button);
  const shown = element("div", "verdict");
  shown.setAttribute("role", "status");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(explain, input.value, button, shown);
  });
  details.append(labelled("summary", "", "whyNot"), form, shown);
  return details;
}

async function answer(explain, id, button, shown) {
  // A disabled button would lose the focus to nowhere.
  if (button === document.activeElement) button.form.elements.article.focus();
  button.disabled = true;
  try {
    shown.replaceChildren(...verdict(await explain({ article_id: id })));
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ApiError)) throw error;
    shown.replaceChildren(element("p", "", error.words));
  } finally {
    button.disabled = false;
  }
}

function verdict(explanation) {
  const parts = [element("p", "reason", sentence(explanation))];
  if (!explanation.legs) return parts;
  const { first } = explanation;
  const other = first && first.passage_id !== explanation.passage_id ? first : null;
  parts.push(stages(explanation, other));
  const missing = explanation.missing_words.slice(0, MOST_WORDS).map(({ word }) => word);
  if (missing.length > 0) parts.push(labelled("p", "facts", "lacks", { words: missing.join(" · ") }));
  const quote = element("blockquote", "quote", explanation.best_sentence.text);
  quote.dir = "auto";
  setLanguage(quote, explanation.best_sentence.text);
  parts.push(labelled("p", "facts", "bestSentence"), quote);
  return parts;
}

// The service says it in English; in other languages the page does, with the same numbers below it.
function sentence({ result, copies }) {
  if (currentLanguage() === "en") return result.reason;
  const by = copies?.stood_for_by;
  const known = { rank: result.rank ?? by?.rank ?? "", article: isolated(by?.article_id ?? "") };
  return label(`stage_${result.stage}`, known);
}

// What it holds cannot turn the words around it to the other direction.
function isolated(text) {
  return /[\p{Bidi_Control}\p{Script=Hebrew}\p{Script=Arabic}]/u.test(text) ? `\u2068${text}\u2069` : text;
}

function stages(explained, first) {
  const table = element("table");
  const titles = ["stage", "rank", "points", "cutoff", ...(first ? ["firstRank", "firstScore"] : [])];
  const head = element("tr");
  for (const title of titles) head.append(header("col", title));
  table.append(wrapped("thead", [head]), wrapped("tbody", rows(explained, first)));
  // Wider than a phone: it scrolls by itself, so the keyboard has to get there.
  const scrolling = element("div", "scroll");
  scrolling.tabIndex = 0;
  scrolling.setAttribute("role", "group");
  setAttributeLabel(scrolling, "aria-label", "why");
  scrolling.append(table);
  return scrolling;
}

function rows(explained, first) {
  const made = LEGS.map((name) => {
    const leg = explained.legs[name];
    const others = first ? legCells(first.legs[name]) : [];
    return row(name, [...legCells(leg), number(leg.cutoff_score), ...others]);
  });
  for (const name of LATER) {
    const [ours, theirs] = [explained[name], first?.[name]];
    if (!ours && !theirs) continue;
    made.push(row(name, [...standing(ours), "", ...(first ? standing(theirs) : [])]));
  }
  return made;
}

function row(title, cells) {
  const made = element("tr");
  made.append(header("row", title), ...cells.map((cell) => element("td", "", cell)));
  return made;
}

function legCells(leg) {
  const unknown = leg.nominated || leg.score > 0 ? "> 100" : "–";
  return [leg.rank === null ? unknown : String(leg.rank), number(leg.score)];
}

function standing(one) {
  return one ? [String(one.rank), number(one.score)] : ["–", "–"];
}

function number(value) {
  return value === null ? "–" : value.toFixed(3);
}

function header(scope, name) {
  const made = labelled("th", "", name);
  made.scope = scope;
  return made;
}

function wrapped(name, children) {
  const made = element(name);
  made.append(...children);
  return made;
}
