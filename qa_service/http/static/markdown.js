// Shows the little Markdown that language models write as elements: headings, lists, code, bold. All else stays text.

import { element } from "./elements.js";

const ITEM = /^\s{0,6}(?:[-*•]|(\d{1,3})[.)])\s+(.*)$/;
const HEADING = /^#{1,6}\s+(.*)$/;
const INLINE = /(`[^`\n]+`|\*\*[^*\n]+\*\*)/;

// Whether a text has any of it.
export function hasMarkdown(text) {
  return INLINE.test(text) || text.split("\n").some((line) => ITEM.test(line) || HEADING.test(line) || line.startsWith("```"));
}

// The blocks of a text; `plain(text)` gives the nodes of what has no Markdown.
export function blocksOf(text, plain) {
  const blocks = [];
  let open = null; // the block that the next line may continue: {kind, place}
  for (const line of text.split("\n")) {
    open = taken(line, open, blocks, plain);
  }
  return blocks;
}

function taken(line, open, blocks, plain) {
  if (line.trimStart().startsWith("```")) return open?.kind === "code" ? null : begun("code", element("pre"), blocks);
  if (open?.kind === "code") {
    open.place.append(`${line}\n`);
    return open;
  }
  const item = ITEM.exec(line);
  const heading = HEADING.exec(line);
  if (item) return itemOf(item, open, blocks, plain);
  if (heading) {
    const strong = element("b");
    strong.append(...inline(heading[1], plain));
    begun("text", element("p"), blocks).place.append(strong);
    return null;
  }
  if (line.trim() === "") return open?.kind === "text" ? null : open;
  const last = open?.kind === "text" ? open : begun("text", element("p"), blocks);
  if (last.place.childNodes.length > 0) last.place.append("\n");
  last.place.append(...inline(line, plain));
  return last;
}

function begun(kind, place, blocks) {
  blocks.push(place);
  return { kind, place };
}

function itemOf([, number, text], open, blocks, plain) {
  const kind = number ? "ol" : "ul";
  const list = open?.kind === kind ? open : begun(kind, element(kind), blocks);
  if (number && list.place.childNodes.length === 0) list.place.start = Number(number);
  const item = element("li");
  item.append(...inline(text, plain));
  list.place.append(item);
  return list;
}

function inline(text, plain) {
  return text.split(INLINE).flatMap((part, index) => {
    if (index % 2 === 0) return part === "" ? [] : plain(part);
    if (part.startsWith("`")) return [element("code", "", part.slice(1, -1))];
    const bold = element("b");
    bold.append(...plain(part.slice(2, -2)));
    return [bold];
  });
}
