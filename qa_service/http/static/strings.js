// Every word of the page, in English and in both Chinese scripts.

const ENGLISH = {
  heading: "Ask the articles",
  api: "API",
  question: "Your question",
  collection: "Collection",
  hint: "Enter asks, Shift+Enter breaks the line",
  ask: "Ask",
  close: "Close",
  searching: "Searching…",
  loading: "The service is still loading its model. This page goes on by itself.",
  fetching: "Fetching the article…",
  answer: "Answer",
  noAnswer: "No sure answer",
  noAnswerText: "Nothing found answers this surely enough. These passages come nearest.",
  nothing: "Nothing found",
  nothingText: "No passage of this collection fits the question.",
  emptyText: "This collection has no articles yet.",
  high: "high confidence",
  medium: "fair confidence",
  low: "low confidence",
  passages: "Passages",
  score: "score",
  link: "Web page",
  alsoIn: "Also in",
  whole: "Original text",
  took: "answered in",
  error: "That did not work",
  offline: "The service cannot be reached.",
  offlineRemedy: "Check that it runs, then ask again.",
  dots: "That address cannot be asked for from a browser.",
  why: "Why?",
  whyNot: "Why not another article?",
  articleId: "Article id",
  explain: "Explain",
  wordShare: "{share}% of the question's words by weight are in it; they are marked in the text.",
  lacks: "Words of the question that it lacks: {words}",
  bestSentence: "Its nearest sentence:",
  stage: "stage",
  rank: "rank",
  cutoff: "cutoff",
  firstRank: "first result's rank",
  firstScore: "first result's score",
  window: "passage as a whole",
  sentence: "best sentence",
  bm25: "words (BM25)",
  fused: "together",
  refined: "refined",
  reranker: "reranker",
  stage_not_searched: "Nothing of it is searched.",
  stage_filtered: "The filter leaves it out.",
  stage_not_nominated: "None of the three searches has it among its 100 best.",
  stage_outranked: "It was scored, but others came before it (rank {rank}).",
  stage_copy: "It says the same as result {rank} ({article}), which stands for it.",
  stage_returned: "It is result {rank}.",
};

const SIMPLIFIED = {
  heading: "向文章提问",
  api: "接口",
  question: "您的问题",
  collection: "文集",
  hint: "回车提问，Shift+回车换行",
  ask: "提问",
  close: "关闭",
  searching: "正在查找…",
  loading: "服务正在加载模型，完成后本页会自动继续。",
  fetching: "正在读取文章…",
  answer: "答案",
  noAnswer: "没有把握的答案",
  noAnswerText: "没有找到足够可靠的答案，以下段落最为接近。",
  nothing: "没有找到",
  nothingText: "该文集中没有与问题相符的段落。",
  emptyText: "该文集还没有文章。",
  high: "把握大",
  medium: "把握中等",
  low: "把握小",
  passages: "相关段落",
  score: "得分",
  link: "网页",
  alsoIn: "另见",
  whole: "原文",
  took: "用时",
  error: "未能完成",
  offline: "无法连接服务。",
  offlineRemedy: "请确认服务正在运行，然后重试。",
  dots: "浏览器无法访问这一地址。",
  why: "为什么？",
  whyNot: "为什么没有某篇文章？",
  articleId: "文章编号",
  explain: "说明",
  wordShare: "按权重计，问题中 {share}% 的词在其中，已在文中标出。",
  lacks: "其中没有的问题用词：{words}",
  bestSentence: "其中最接近的句子：",
  stage: "阶段",
  rank: "名次",
  cutoff: "入选线",
  firstRank: "首位的名次",
  firstScore: "首位的得分",
  window: "整段",
  sentence: "最佳句子",
  bm25: "词语（BM25）",
  fused: "合并",
  refined: "细排",
  reranker: "重排模型",
  stage_not_searched: "其中没有可检索的内容。",
  stage_filtered: "被筛选条件排除。",
  stage_not_nominated: "三路检索都没有把它列入前 100 名。",
  stage_outranked: "已评分，但排在其他段落之后（第 {rank} 名）。",
  stage_copy: "内容与第 {rank} 条结果（{article}）相同，由后者代表。",
  stage_returned: "它是第 {rank} 条结果。",
};

const TRADITIONAL = {
  heading: "向文章提問",
  api: "介面",
  question: "您的問題",
  collection: "文集",
  hint: "Enter 提問，Shift+Enter 換行",
  ask: "提問",
  close: "關閉",
  searching: "正在查找…",
  loading: "服務正在載入模型，完成後本頁會自動繼續。",
  fetching: "正在讀取文章…",
  answer: "答案",
  noAnswer: "沒有把握的答案",
  noAnswerText: "沒有找到足夠可靠的答案，以下段落最為接近。",
  nothing: "沒有找到",
  nothingText: "該文集中沒有與問題相符的段落。",
  emptyText: "該文集還沒有文章。",
  high: "把握大",
  medium: "把握中等",
  low: "把握小",
  passages: "相關段落",
  score: "得分",
  link: "網頁",
  alsoIn: "另見",
  whole: "原文",
  took: "用時",
  error: "未能完成",
  offline: "無法連接服務。",
  offlineRemedy: "請確認服務正在執行，然後重試。",
  dots: "瀏覽器無法存取這一位址。",
  why: "為什麼？",
  whyNot: "為什麼沒有某篇文章？",
  articleId: "文章編號",
  explain: "說明",
  wordShare: "按權重計，問題中 {share}% 的詞在其中，已在文中標出。",
  lacks: "其中沒有的問題用詞：{words}",
  bestSentence: "其中最接近的句子：",
  stage: "階段",
  rank: "名次",
  cutoff: "入選線",
  firstRank: "首位的名次",
  firstScore: "首位的得分",
  window: "整段",
  sentence: "最佳句子",
  bm25: "詞語（BM25）",
  fused: "合併",
  refined: "細排",
  reranker: "重排模型",
  stage_not_searched: "其中沒有可檢索的內容。",
  stage_filtered: "被篩選條件排除。",
  stage_not_nominated: "三路檢索都沒有把它列入前 100 名。",
  stage_outranked: "已評分，但排在其他段落之後（第 {rank} 名）。",
  stage_copy: "內容與第 {rank} 條結果（{article}）相同，由後者代表。",
  stage_returned: "它是第 {rank} 條結果。",
};

const chosen = choose(navigator.language || "en");

function choose(language) {
  if (!/^zh\b/i.test(language)) return { code: "en", words: ENGLISH };
  const traditional = /-(tw|hk|mo|hant)\b/i.test(language);
  return traditional ? { code: "zh-Hant", words: TRADITIONAL } : { code: "zh-Hans", words: SIMPLIFIED };
}

export function label(name) {
  return chosen.words[name];
}

// A label with its {names} filled in.
export function filled(name, values) {
  return label(name).replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

export function isEnglish() {
  return chosen.words === ENGLISH;
}

export function labelPage() {
  document.documentElement.lang = chosen.code;
  document.title = label("heading");
  for (const element of document.querySelectorAll("[data-label]")) {
    element.textContent = label(element.dataset.label);
  }
}
