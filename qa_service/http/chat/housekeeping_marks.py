"""How the background prompts of chat front ends open, by the place they take in a request.

Each is known by its opening and by one more mark further on in its instructions; see `housekeeping`. Sources: the
default prompts of Open WebUI, NextChat (all its languages, with those of former releases), LobeChat, Cherry Studio,
LibreChat, Chatbox, Dify, RikkaHub, Kelivo, Page Assist, Jan, Goose and LangChain.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "title", "tags", "follow_ups", "queries", "completion", "emoji", "image_prompt", "summary", "tools", "search"
]


class Mark(NamedTuple):
    """How a prompt opens, and what its instructions hold further on; both are folded before they are compared."""

    kind: Kind
    opening: str
    later: str
    json_key: str | None = None


# The prompt is the only message and holds the conversation.
ALONE = (
    Mark("emoji", "your task is to reflect the speaker's likely facial expression", "message: ```"),
    Mark("summary", "### task:\nsummarize the conversation history", "### messages being compacted"),
    Mark("title", "create a concise, 3-5 word title", "title for the chat history"),
    Mark("title", "here is the query:", "as a title for the previous query"),
    Mark("title", "based on the chat history, give this conversation a name", "the name is:"),
    Mark("title", "you are asked to generate a concise chat title", "user input:", "Your Output"),
    Mark("title", "you need to decompose the user's input into", "user input:", "Your Output"),
    Mark("title", "provide a concise, 5-word-or-less title", "\nconversation:"),
    Mark("title", "please generate a concise title (max 40", "\nuser:"),
    Mark("title", "analyze this conversation and provide", "title in the detected language", "title"),
    Mark("title", "write a concise title for this conversation", "5 words or less"),
    Mark("title", "i will give you some dialogue content in the", "<content>"),
    Mark("title", "你是一名擅长会话的助理，我会给你一些对话内容", "<content>"),
    Mark("title", "please write a 5-10 word title for the following conversation", "\nuser:"),
    Mark("title", "summarize in a 10-word title", "here is the message:"),
    Mark("follow_ups", "i will provide you with some chat content in the", "act as the"),
    Mark("summary", "i will give you user messages from a conversation in the", "<messages>"),
    Mark("summary", "summarize the conversation by integrating new lines", "new lines:"),
    Mark("summary", "progressively summarize the lines of conversation", "new lines of conversation:"),
    Mark("search", "given the following conversation and a follow up question, rephrase", "standalone question:"),
    Mark("search", "you are an ai question rephraser", "rephrased question:"),
)
# The prompt is the system message, and the conversation follows.
SYSTEM = (
    Mark("title", "you are a professional conversation summarizer", "title"),
    Mark("title", "你是一名擅长会话的助理，你需要将用户的会话总结", "标题"),
    Mark("summary", "你是一名擅长会话的助理，你需要将用户的会话做一个", "总结"),
    Mark("title", "总结给出的会话，将其总结为", "标题"),
    Mark("title", "you are an assistant skilled in conversation. you need to summarize", "into a title"),
    Mark("title", "summarize the conversation into a title", "output only the title"),
    Mark("title", "write a concise title for this conversation", "5 words or less"),
    Mark("title", "generate a short title (four words or less)", "only the title"),
    Mark("title", "i will give you some dialogue content in the", "<content>"),
    Mark("summary", "you're an assistant who's good at extracting key takeaways", "<chat_history>"),
    Mark("summary", "you are a conversation context compressor", "summary"),
    Mark("summary", "summarize the conversation for future reference", "topic card", "summary"),
    Mark("follow_ups", "you are a sidecar that extracts", "chips", "chips"),
    Mark("emoji", "you are an emoji expert who selects", "only a single emoji"),
    Mark("search", "given the following conversation and a follow-up question, rephrase", "<chathistory>"),
    Mark("search", "you are an ai question rephraser", "</question>"),
    Mark("queries", "as a professional web researcher who can", '"search","proceed"', "action"),
    Mark("queries", "as a professional knowledge base researcher", '"search","proceed"', "action"),
    Mark("queries", "as a professional researcher with access to both", '"proceed"]', "action"),
    Mark("tools", "available tools:", '"tool_calls": [', "tool_calls"),
)
# The prompt comes after the conversation: NextChat's in its languages, then others.
_NAMED_AFTER = (
    ("使用四到五个字直接返回", "简要主题"),
    ("please generate a four to five word title", "our conversation"),
    ("use the language used by the user", "generate a title"),
    ("استخدم أربع إلى خمس كلمات لإرجاع ملخص", "دردشة عامة"),
    ("চার থেকে পাঁচটি শব্দ ব্যবহার করে", "থিম"),
    ("použijte čtyři až pět slov", "téma"),
    ("find en kort overskrift med 4-5 ord", "anførselstegn"),
    ("geben sie ein kurzes thema in vier bis fünf", "satzzeichen"),
    ("devuelve un tema breve de esta frase", "sin puntuación"),
    ("utilisez quatre à cinq mots pour retourner le sujet", "ponctuation"),
    ("veuillez générer un titre de quatre à cinq mots", "notre conversation"),
    ("gunakan empat hingga lima kata", "tanda baca"),
    ("riporta il tema di questa frase", "quattro o cinque parole"),
    ("si prega di generare un titolo di quattro o cinque parole", "nostra conversazione"),
    ("この文の簡潔なテーマを四から五文字", "句読点"),
    ("4～5文字でこの文章の簡潔な主題", "句読点"),
    ("네 글자에서 다섯 글자로 이 문장의", "주제"),
    ("bruk fire til fem ord", "tegnsetting"),
    ("por favor, gere um título de quatro a cinco palavras", "nossa conversa"),
    ("укажите краткую тему этого сообщения", "знаков препинания"),
    ("prosím, vygenerujte štvor- až päťslovný titul", "našu konverzáciu"),
    ("bu cümlenin dört ila beş kelimelik", "noktalama"),
    ("sử dụng bốn đến năm từ", "không dấu câu"),
    # Its former releases.
    ("直接返回这句话的简要主题", "闲聊"),
    ("provide a brief topic of the sentence", "chitchat"),
    ("summarise the conversation in a short and concise", "title"),
    ("يرجى إنشاء عنوان يتكون من أربع إلى خمس كلمات", "محادثتنا"),
    ("আমাদের সংলাপটির চার থেকে পাঁচ শব্দের", "শিরোনাম"),
    ("অনুগ্রহ করে আমাদের কথোপকথনটির সংক্ষেপের জন্য", "শিরোনাম"),
    ("vytvořte prosím název o čtyřech až pěti slovech", "našeho rozhovoru"),
    ("bitte erstellen sie einen vier- bis fünfwörtigen titel", "unser gespräch"),
    ("por favor, genera un título de cuatro a cinco palabras", "nuestra conversación"),
    ("buat judul berisi empat hingga lima kata", "percakapan kita"),
    ("다음과 같이 대화 내용을 요약하는 4~5단어", "제목"),
    ("vennligst lag en fire til fem ords tittel", "samtalen vår"),
    ("пожалуйста, создайте заголовок из четырех или пяти слов", "нашу беседу"),
    ("lütfen herhangi bir giriş, noktalama", "kelimelik bir başlık"),
    ("sử dụng 4 đến 5 từ tóm tắt cuộc trò chuyện này", "dấu chấm câu"),
)
_SUMMED_UP_AFTER = (
    ("简要总结一下对话内容", "上下文提示"),
    ("summarize the discussion briefly in 200 words", "future context"),
    ("use the language used by the user", "summarise the conversation"),
    ("قم بتلخيص محتوى الدردشة باختصار", "سياقية"),
    ("আলোচনার বিষয়বস্তু সংক্ষিপ্তভাবে সারাংশ", "প্রম্পট"),
    ("stručně shrňte obsah konverzace", "kontextový prompt"),
    ("skriv et kort resumé", "vores samtale til senere brug"),
    ("fassen sie den gesprächsinhalt zusammen", "kontextaufforderung"),
    ("resume brevemente el contenido de la conversación", "prompt de contexto"),
    ("faites un résumé succinct de la discussion", "prompt de contexte"),
    ("résumez brièvement nos discussions", "prompt de contexte"),
    ("berikan ringkasan singkat tentang konten obrolan", "prompt konteks"),
    ("riassumi brevemente il contenuto della conversazione", "prompt di contesto"),
    ("対話の内容を簡潔に要約し", "コンテキストプロンプト"),
    ("あなたとユーザの会話を簡潔にまとめて", "コンテキストプロンプト"),
    ("대화 내용을 간략히 요약하여", "컨텍스트 프롬프트"),
    ("oppsummer samtalen kort", "kontekstuell prompt"),
    ("resuma a discussão brevemente em 200 palavras", "contexto futuro"),
    ("кратко подведите итоги содержимого беседы", "контекстного запроса"),
    ("stručne zhrňte diskusiu", "budúci kontext"),
    ("sohbet içeriğini kısaca özetleyin", "bağlam ipucu"),
    ("tóm tắt nội dung cuộc trò chuyện", "gợi ý ngữ cảnh"),
    # Its former releases.
    ("简要总结一下你和用户的对话", "上下文提示"),
    ("summarize our discussion briefly in", "future context"),
    ("summarise the conversation in at most 250 tokens", "in future"),
    ("قم بتلخيص النقاش بشكل موجز في 200 كلمة", "للسياق"),
    ("২০০ শব্দের লম্বা হয়ে", "প্রম্পট"),
    ("আসলে আলোচনাটি সংক্ষেপে", "প্রম্পট"),
    ("krátce shrň naši diskusi", "budoucí kontext"),
    ("fassen sie unsere diskussion kurz in 200 wörtern", "zukünftige gespräche"),
    ("resuma nuestra discusión brevemente en", "futuros contextos"),
    ("buat ringkasan percakapan dalam 200 kata", "masa depan"),
    ("riassumi brevemente la nostra discussione in", "futura conversazione"),
    ("200단어 이내로 저희 토론을", "프롬프트"),
    ("oppsummer diskusjonen vår kort i 200 ord", "fremtidig sammenheng"),
    ("кратко изложите нашу дискуссию в 200 словах", "будущем контексте"),
    ("gelecekteki bağlam için bir bilgi istemi", "200 kelimeyle"),
    ("tóm tắt cuộc trò chuyện này một cách ngắn gọn trong 200 từ", "ngữ cảnh tiếp theo"),
    # Chatbox.
    ("provide a detailed summary for continuing this conversation", "not have access to our conversation history"),
)
AFTER = (
    *(Mark("title", *marks) for marks in _NAMED_AFTER),
    *(Mark("summary", *marks) for marks in _SUMMED_UP_AFTER),
)
