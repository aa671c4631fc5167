"""Question words of the larger languages and what they ask of: the table that `question_type.py` reads.

Regular expressions over the lexical fold. A short table, not a grammar: a language that is missing is of no type, and
no type means no evidence.
"""

from __future__ import annotations

from enum import StrEnum


class QuestionType(StrEnum):
    """The kinds of answer that leave a mark in a text; WHICH and UNKNOWN promise none."""

    WHY = "why"
    WHEN = "when"
    QUANTITY = "quantity"
    WHERE = "where"
    WHO = "who"
    LIST = "list"
    NAME = "name"
    HOW = "how"
    DEFINITION = "definition"
    WHICH = "which"
    YES_NO = "yes_no"
    UNKNOWN = "unknown"


# Han, kana, Hangul and Thai: found anywhere in the folded question.
ANYWHERE: dict[QuestionType, tuple[str, ...]] = {
    QuestionType.WHY: (
        "(?<![称作成叫])为什么|(?<![称作成])为何|何故|因何|为了什么|(由于|因为|出于)什么",
        "(什么|何种|哪些|哪种)(样的)?(原因|缘故|理由)|原因(是|有|为)",
        "なぜ|どうして|왜|어째서|ทำไม|เพราะเหตุใด|เพราะอะไร",
    ),
    QuestionType.WHEN: (
        "什么时候|啥时候?|何时|何[日年月]|哪一?[年天日月]|哪个?(年份|年代|世纪|时期|时代|朝代|月|季节)",
        "几[年月日号时点](?!龄)",
        "什么(时间|时期|年代|时代|朝代|日期|年份|季节)|哪段时间|[哪多]少?世纪",
        "いつ|何世紀|どの年|언제|몇 ?[년월일시]|어느 ?해|เมื่อไร|เมื่อใด|เมื่อไหร่|ปี(ใด|ไหน|อะไร)|วันที่เท่าไร",
    ),
    QuestionType.QUANTITY: (
        "多少|第?几(?![乎率何])|多[大长高远久重宽深快厚]|若干",
        "いくつ|いくら|何[人個回本枚台匹歳倍件名度]|どの(くらい|ぐらい|程度)|몇|얼마|เท่าไร|เท่าไหร่|เท่าใด|กี่",
    ),
    QuestionType.WHERE: (
        "哪里|哪儿|何处|何地|[在于去到自]哪(?=[?。 ]|$)",
        "(什么|哪一?[个些座家国]?|何)(地方|位置|地区|地点|城市|国家|省|州|县|海域|大?洲|区域|场所|岛|村|镇)|哪国",
        "どこ|どの(国|都市|町|街|地域|場所|州)|어디|어느 ?(나라|도시|지역|곳|국가)|ที่ไหน|ที่ใด",
        "(เมือง|ประเทศ)(ใด|ไหน|อะไร)",
    ),
    QuestionType.WHO: (
        "谁|哪[一两几]?[位名]|何人|(哪[一个两些]*|什么)人(?![种群])",
        "哪[一个位]*(球员|作者|作家|导演|总统|皇帝|演员|教练|国王|科学家)",
        "だれ|누구|누가|ใคร|ผู้ใด",
    ),
    QuestionType.LIST: ("哪[些几两二三四五六七]|有什么|分别[是为]|列举|什么和什么", "何と何|อะไรบ้าง|ใดบ้าง"),
    QuestionType.NAME: (
        "叫(做|作)?(什么|啥|何)|什么(名字|名称|称号|外号|绰号|别名|称呼)",
        "(名字?|名称|称号|学名|全称|简称|笔名|别称|俗称)(是|为|叫)(什么|啥|何)",
        "称[为作]什么|怎么称呼|何と呼|名前は|なんと|何という|이름은|무엇이라고|뭐라고|ชื่ออะไร|ชื่อว่าอะไร",
        "เรียกว่าอะไร",
    ),
    QuestionType.HOW: (
        "如何|怎么(?!样)|怎样(?!的)|(什么|哪种|何种)(方式|方法|手段|办法|途径)|[过靠用]什么",
        "どのように|どうやって|どうすれば|어떻게|อย่างไร|ยังไง",
    ),
    QuestionType.DEFINITION: (
        "什么是|何谓|何为|是指什么|指的是什么|什么意思|定义是",
        "とは何|とはなに|意味は|무엇인가|뜻은|คืออะไร|หมายถึงอะไร|หมายความว่าอะไร",
    ),
    QuestionType.WHICH: ("什么|哪|何|啥|怎|どの|どれ|なに|무엇|어떤|어느|무슨|อะไร|ใด|ไหน",),
    QuestionType.YES_NO: (
        "吗|是否|是不是|有没有|能不能|能否|可否|会不会|有无|ますか|ですか|습니까|입니까|나요|หรือไม่|ไหม",
    ),
}

# Scripts with spaces: whole words, in a question whose words stand between single spaces without punctuation.
WORDS: dict[QuestionType, tuple[str, ...]] = {
    QuestionType.WHY: (
        "why|how come|for what (reason|purpose)s?",
        "what (is|was|were|are) the (main |primary )?(reason|cause|purpose)s?",
        "what (causes?d?|led|prompted)|почему|зачем|отчего|из за чего|по как(ой|им) причин(е|ам)",
        "какова была причина",
        "warum|weshalb|wieso|wozu|pourquoi|pour quelles? raisons?|por qu[eé]|perché|waarom|dlaczego|niçin|neden",
        "niye",
        "tại sao|vì sao|γιατί|لماذا|क्यों",
    ),
    QuestionType.WHEN: (
        "when|(what|which) (year|date|day|month|century|decade|era|time|season|period)s?|how long ago",
        "когда",
        "как(ом|ой|ая|ого|ие|их|ому) (год[уа]?|годы|годах|день|числа|месяце|веке|столетии|десятилетии|время|дата)",
        "wann|welche[mnrs]? (jahr|jahre|tag|monat|jahrhundert|datum|zeit)|quand",
        "quelle? (année|date|heure|époque|jour|mois|siècle)",
        "cuándo|qué (año|fecha|día|mes|siglo|época)|quando|che anno|que ano|ne zaman",
        "hangi (yıl|yılda|tarihte|yüzyılda|gün|ay)",
        "khi nào|bao giờ|(năm|ngày|tháng|lúc|thế kỷ) nào|πότε|ποι(ο|α|ον) (έτος|χρονιά|ημερομηνία|αιώνα)",
        "متى|(أي|اي) (عام|سنة|يوم|شهر|قرن|تاريخ)|कब|किस (वर्ष|साल|तारीख|दिन|सदी|महीने|समय)",
    ),
    QuestionType.QUANTITY: (
        "how (many|much|often|old|long|far|tall|large|big|high|deep|fast|wide|heavy|frequently)",
        "(what|which) (percentage|percent|proportion|number|amount|portion|fraction|share|rate|score|age|price)",
        "what (is|was|were|are) the (percentage|population|number|size|area|length|height|score|age|price|cost|total)",
        "сколько|скольким|насколько|как (часто|долго|далеко)|какой (процент|возраст|счет)",
        "какая (часть|доля|площадь|численность)",
        "какое количество|каков[аы]? (численность|население|площадь|длина|высота|возраст|стоимость)",
        "wie (viele?n?|oft|alt|lange?|groß|hoch|weit|schnell|schwer|tief)|wieviele?|combien",
        "quel (pourcentage|âge|nombre)",
        "cuánt[oa]s?|qué (porcentaje|edad|cantidad|proporción)|quant[oiae]s?|hoeveel|ile|kaç|ne kadar|bao nhiêu",
        "bao lâu|mấy",
        "πόσ(ο|α|οι|εσ|ουσ|η|ων)|ποσοστό|كم|कितन[ेीा]",
    ),
    QuestionType.WHERE: (
        "where",
        "(what|which) (city|country|state|place|region|continent|location|area|town|province|county|island|nation)",
        "(what|which) (cities|countries|states|places|regions|areas|part of|street|river|venue|stadium)",
        "где|куда|откуда",
        "как(ом|ой|ая|их|ие) (город|городе|страна|стране|странах|месте|штате|регионе|области|районе|континенте|части)",
        "wo|woher|wohin|welche[mnrs]? (stadt|land|staat|region|gebiet|ort|bundesstaat)|où",
        "quelle? (ville|pays|région|état|lieu)",
        "dónde|adónde|qué (ciudad|país|estado|lugar|región)|dove|onde|que (cidade|país|estado)|waar|gdzie",
        "nere(de|ye|den|si|sinde|sidir)|hangi (şehirde|ülkede|ülke|şehir|bölgede)|ở đâu|nơi nào",
        "(thành phố|quốc gia|nước|tỉnh) nào",
        "πού|ποι(α|ο) (πόλη|χώρα|μέρος|περιοχή|πολιτεία)|أين|اين|(أي|اي) (مدينة|بلد|دولة|مكان|منطقة|ولاية)",
        "कह[ाा][ँं]|किस (शहर|देश|राज्य|स्थान|जगह|क्षेत्र)",
    ),
    QuestionType.WHO: (
        "who|whom|whose",
        "(what|which) (person|people|player|president|king|queen|actor|author|scientist|artist|man|woman|leader)",
        "кто|кого|кому|кем|чь[яеию]|чье[йм]|чей|какой (человек|игрок|президент|ученый|король|актер|композитор)",
        "как (зовут|звали|его зовут|фамилия)|фамилия",
        "wer|wen|wem|wessen|welche[rsn]? (person|spieler|präsident|könig)|qui (est|était|a|sont|ont|fut)",
        "(par|de|à) qui",
        "quién|quiénes|chi|quem|wie is|kto|kim|kimdir|kimin|kimler|kimi|kime|ai (là|đã|được|có|sẽ)",
        "(là|bởi|của|cho) ai",
        "ποι(οσ|οι|ουσ|ου)|من (هو|هي|هم|كان|كانت|الذي)|कौन|किसने|किसके द्वारा",
    ),
    QuestionType.LIST: (
        "(what|which) (two|three|four|five|kinds|types|sorts|groups|things|factors|features|categories)",
        "name (two|three|some)",
        "what (are|were)|list|какие|какими|каких|каковы|назовите|перечислите|приведите|nennen sie",
        "quel(le)?s (sont|étaient|types)",
        "qué (dos|tres|tipos)|cuáles|quali|quais|hangileri|nelerdir|neler|những gì|ποιεσ|ποια είναι|ما هي|कौन से",
    ),
    QuestionType.NAME: (
        "what (is|was|are|were) the (\\w+ )?(name|nickname|title|term|word)s?|what (name|term|nickname|title)",
        "what (\\w+ ){0,6}(called|named|known as)|как назыв\\w+|как назвали|как именуется",
        "какое (название|имя|прозвище)",
        "wie (heißt|hieß|heißen|nennt man|lautet der name)|comment (s )?appel\\w+|quel (est|était) le nom",
        "come si chiama",
        "cómo se (llama|llamaba|llaman|denomina|conoce)|cuál (es|era|fue) el nombre|adı (ne|nedir)|tên là gì",
        "tên của",
        "πώσ (ονομάζεται|λέγεται|ονομαζόταν|ονομάζονται)|ما (هو )?اسم|(का|क्या) नाम|क्या कहा जाता",
    ),
    QuestionType.HOW: (
        "how|in what (way|manner)s?|by what means|как|каким (образом|способом)|wie|auf welche weise|comment|cómo",
        "come|como",
        "de qu(elle|é) (manière|façon|manera|forma)|hoe|jak|nasıl|bằng cách nào|(như )?thế nào|làm sao|πώσ|كيف",
        "कैसे|किस (प्रकार|तरह)",
    ),
    QuestionType.DEFINITION: (
        "what (is|was) an?|what (does|do|did) (\\w+ ){1,8}mean|what is meant|define|definition of",
        "что (такое|означает|значит)",
        "was (ist|sind|bedeutet)|qu est ce (qu|que)|que signifie|qué (es|son|significa)|o que é|nedir|ne demek",
        "(nghĩa )?là gì",
        "τι (είναι|σημαίνει)|ما (معنى|المقصود)|क्या (है|मतलब)",
    ),
    QuestionType.WHICH: (
        "which|what|как(ой|ая|ое|ого|ому|им|ом|ую|ей)|что|чем|чего|чему|каков[ао]?|welche[rsmn]?|quel(le)?s?|quoi",
        "qué|cuál|quale|qual",
        "hangi(si)?|gì|nào|ποι(ο|α|αν|όν)|τι|ماذا|ما|أي|क्या|किस|wat|welk",
    ),
    QuestionType.YES_NO: (
        "(?<=^ )(is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|must)|ли",
        "(?<=^ )(является|можно|есть|ist|sind|war|hat|kann|gibt es|est ce que|es|son|fue|está|tiene|puede|هل)",
        "có phải",
    ),
}
