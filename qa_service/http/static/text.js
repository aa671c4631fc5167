// Cuts texts. Offsets of the API count code points; strings here count UTF-16 units.

// Splits an answer that comes in pieces into texts and marks: feed("see [", ...) gives strings and numbers, in order.
// What may yet become a mark is held back until the next piece, or until `end`.
export class MarkSplitter {
  #held = "";

  feed(piece) {
    const text = this.#held + piece;
    this.#held = /\[\d{0,3}$/.exec(text)?.[0] ?? "";
    return splitMarks(text.slice(0, text.length - this.#held.length));
  }

  end() {
    const rest = this.#held;
    this.#held = "";
    return rest === "" ? [] : [rest];
  }
}

function splitMarks(text) {
  return text
    .split(/(\[\d{1,3}\])/)
    .filter((part) => part !== "")
    .map((part) => (/^\[\d{1,3}\]$/.test(part) ? Number(part.slice(1, -1)) : part));
}

const IN_WORD = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Nd}]/u;
const LONGEST_WORD = 20;

// The span {start, end} of a text, made a little smaller where it cuts a word of a script that has spaces.
export function atWords(text, { start, end }) {
  const chars = [...text];
  const inWord = (index) => index > 0 && index < chars.length && IN_WORD.test(chars[index - 1]) && IN_WORD.test(chars[index]);
  const moved = { start, end };
  while (inWord(moved.start) && moved.start < start + LONGEST_WORD) moved.start += 1;
  while (inWord(moved.end) && moved.end > end - LONGEST_WORD) moved.end -= 1;
  return moved;
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

// The text from `start` to `end` (offsets in the article, of which `text` begins at `base`), cut at the edges of
// `marks` {start, end, className}: a list of {text, className}, "" outside. Where marks overlap, the first one wins.
export function pieces(text, base, marks, start = base, end = Infinity) {
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
  const cut = [];
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const from = indexes.get(edges[i] - base);
    const to = edges[i + 1] === Infinity ? text.length : indexes.get(edges[i + 1] - base);
    if (from < to) cut.push({ text: text.slice(from, to), className: owners[i]?.className ?? "" });
  }
  return cut;
}

// Characters that only one of the two ways of writing Chinese has.
const SIMPLIFIED = new Set("们这来为会说时对国过发开学现实动还样经话么无从电两种让应长问关门进车书东马鸟鱼龙风飞见贝页钱银铁错难题边达运远选连头买卖岁儿万与专业习乡亲产亿仅仓价众优传伤体储写决况减则务区医华单卫历厅压号双变听启员园图场坏块报");
const TRADITIONAL = new Set("們這來為會說時對國過發開學現實動還樣經話麼無從電兩種讓應長問關門進車書東馬鳥魚龍風飛見貝頁錢銀鐵錯難題邊達運遠選連頭買賣歲兒萬與專業習鄉親產億僅倉價眾優傳傷體儲寫決況減則務區醫華單衛歷廳壓號雙變聽啟員園圖場壞塊報");
const ENGLISH = /\b(?:the|and|what|who|where|when|how|which|with|this|that|does|are|were|from)\b/gi;

// The language tag of a text as far as its characters tell, else null; `page` is the page's own.
export function languageOf(text, page) {
  const count = (pattern) => text.match(pattern)?.length ?? 0;
  const han = count(/\p{Script=Han}/gu);
  const kana = count(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu);
  const latin = count(/\p{Script=Latin}+/gu); // words
  const hangul = count(/\p{Script=Hangul}/gu);
  if (hangul > han && hangul > latin) return "ko";
  if (kana > 0 && kana * 8 > han) return "ja";
  if (han > latin) return chinese(text, page);
  const plain = !/[^\p{ASCII}\p{P}\p{S}\p{Z}]/u.test(text);
  return plain && count(ENGLISH) >= (latin < 12 ? 1 : 2) ? "en" : null;
}

function chinese(text, page) {
  let balance = 0;
  for (const char of text) balance += Number(TRADITIONAL.has(char)) - Number(SIMPLIFIED.has(char));
  if (balance !== 0) return balance > 0 ? "zh-Hant" : "zh-Hans";
  return page.startsWith("zh") ? page : "zh";
}
