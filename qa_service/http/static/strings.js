// The page's words in the language that was chosen. What shows one remembers which, so that a switch reaches it.

export const LANGUAGES = [
  { code: "en", name: "English" },
  { code: "zh-Hans", name: "简体中文" },
  { code: "zh-Hant", name: "繁體中文" },
];
const STORE = "qa-language";
let chosen = remembered() ?? preferred(navigator.languages ?? [navigator.language]);
let words = await wordsOf(chosen).catch(inEnglish);

// Only the language that is shown is fetched.
async function wordsOf({ code }) {
  return (await import(`./words-${code.toLowerCase()}.js`)).words;
}

// Without the words that were wanted, the page speaks English; without any, it keeps what it is written with.
function inEnglish() {
  chosen = LANGUAGES[0];
  return wordsOf(chosen).catch(() => ({}));
}

function remembered() {
  try {
    return LANGUAGES.find(({ code }) => code === localStorage.getItem(STORE));
  } catch {
    return undefined; // storage may be switched off
  }
}

function preferred(tags) {
  for (const tag of tags) {
    if (/^en\b/i.test(tag)) return LANGUAGES[0];
    if (/^zh\b/i.test(tag)) return LANGUAGES[/-(tw|hk|mo|hant)\b/i.test(tag) ? 2 : 1];
  }
  return LANGUAGES[0];
}

export function currentLanguage() {
  return chosen.code;
}

export async function switchLanguage(code) {
  const wanted = LANGUAGES.find((one) => one.code === code) ?? LANGUAGES[0];
  words = await wordsOf(wanted);
  chosen = wanted;
  try {
    localStorage.setItem(STORE, chosen.code);
  } catch {
    // Then it holds for this visit.
  }
  labelPage();
}

// A label with its {names} filled in; values come as they are.
export function label(name, values) {
  const template = words[name] ?? name;
  return values ? template.replace(/\{(\w+)\}/g, (_, key) => String(values[key])) : template;
}

// Shows a label in an element, now and in whatever language is chosen later.
export function setLabel(element, name, values) {
  element.dataset.label = name;
  if (values) element.dataset.values = JSON.stringify(values);
  else delete element.dataset.values;
  element.textContent = label(name, values);
}

// The same for an attribute's value: "title" or "aria-label".
export function setAttributeLabel(element, attribute, name, values) {
  element.setAttribute(`data-${attribute}`, name);
  if (values) element.dataset.values = JSON.stringify(values);
  element.setAttribute(attribute, label(name, values));
}

export function labelPage() {
  document.documentElement.lang = chosen.code;
  if (!words.heading) return;
  document.title = label("heading");
  for (const element of document.querySelectorAll("[data-label]")) {
    element.textContent = label(element.dataset.label, valuesOf(element));
  }
  for (const attribute of ["title", "aria-label", "placeholder"]) {
    for (const element of document.querySelectorAll(`[data-${attribute}]`)) {
      element.setAttribute(attribute, label(element.getAttribute(`data-${attribute}`), valuesOf(element)));
    }
  }
}

function valuesOf(element) {
  return element.dataset.values ? JSON.parse(element.dataset.values) : undefined;
}
