// Offsets of the API count code points; strings here count UTF-16 units. Text enters the page as text nodes only.

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// The UTF-16 index of each code point offset, in one walk over the text.
export function utf16Indexes(text, offsets) {
  const indexes = new Map();
  let index = 0;
  let count = 0;
  for (const offset of [...new Set(offsets)].sort((a, b) => a - b)) {
    while (count < offset && index < text.length) {
      const high = text.charCodeAt(index) >> 10 === 0x36;
      index += high && text.charCodeAt(index + 1) >> 10 === 0x37 ? 2 : 1;
      count += 1;
    }
    indexes.set(offset, index);
  }
  return indexes;
}

// The text from `start` to `end` (offsets in the article, of which `text` begins at `base`), with `marks`
// {start, end, className} around its parts; where marks overlap, the first in the list wins.
export function marked(text, base, marks, start = base, end = Infinity) {
  const inside = marks.filter((mark) => mark.start < mark.end && mark.end > start && mark.start < end);
  const cuts = [start, ...inside.flatMap((mark) => [mark.start, mark.end]).filter((cut) => cut > start && cut < end)];
  if (end !== Infinity) cuts.push(end);
  const indexes = utf16Indexes(text, cuts.map((cut) => cut - base));
  const edges = [...new Set(cuts)].sort((a, b) => a - b);
  if (end === Infinity) edges.push(Infinity);
  // Each mark claims the pieces from its start on that no mark before it has: every piece is looked at few times.
  const owners = new Array(edges.length).fill(null);
  const places = new Map(edges.map((edge, place) => [edge, place]));
  for (const mark of inside) {
    for (let i = places.get(Math.max(mark.start, start)); i < edges.length && edges[i] < mark.end; i += 1) owners[i] ??= mark;
  }
  const fragment = document.createDocumentFragment();
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const from = indexes.get(edges[i] - base);
    const to = edges[i + 1] === Infinity ? text.length : indexes.get(edges[i + 1] - base);
    if (from === to) continue;
    const piece = text.slice(from, to);
    fragment.append(owners[i] ? element("mark", owners[i].className, piece) : document.createTextNode(piece));
  }
  return fragment;
}
