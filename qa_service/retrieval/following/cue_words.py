"""Words by which a question leans on what was said before: the tables that `cues.py` reads.

Regular expressions over the lexical fold, without escapes for classes that lower case would change. Short tables, not
grammars: a language that is missing gives no sign, and then length and evidence alone decide.
"""

from __future__ import annotations

from enum import StrEnum


class Cue(StrEnum):
    """What a word says of the question it stands in."""

    REFERS = "refers"
    """A pronoun or a demonstrative stands for something."""
    MORE = "more"
    """More of the same is asked for."""
    OPENS = "opens"
    """It begins like the continuation of a sentence."""
    BARE = "bare"
    """It ends where the rest of the earlier question would follow."""
    CORRECTS = "corrects"
    """It takes back what was asked or understood before."""


# Han, kana and Hangul: found anywhere in the folded question.
ANYWHERE: dict[Cue, tuple[str, ...]] = {
    Cue.REFERS: (
        "[他她它]|这(?!么)|那(?!么)|该(?![怎如不])|此(?!外)|其(?![他它实中余次])|上述|前者|后者",
        "それ|これ|あれ|その|この|あの|そこ|ここ|そちら|彼",
        "그것|이것|거기|여기|그곳|그녀|그들?(?=[은는이가의를 ])|(?<![가-힣])이 (?=[가-힣])",
    ),
    Cue.MORE: ("还有|其[他它]|另外|别的|除此|此外", "ほかに|他に|あとは", "또 |다른|그 ?외"),
    Cue.OPENS: ("^ *(那|可是|但|而|如果|要是|万一|假如)", "^(では|じゃあ?|でも|もし)", "^(그럼|그러면|그런데|만약)"),
    Cue.BARE: ("呢(?=[ ?。!,]|$)", "(?<=.)(は|って)[ ?。]*$", "(?<=.)(은|는|은요|는요|이요)[ ?.!]*$"),
    Cue.CORRECTS: (
        "^ *(不是|不对|不,|错了)|我(说|问|指|想问|要问|是说|是问|的意思)的?是?",
        "^(いや|いいえ|違)|ではなくて?|じゃなくて?",
        "^아니|말고|제 말은",
    ),
}

# Scripts with spaces: whole words, in a question whose words stand between single spaces without punctuation.
WORDS: dict[Cue, tuple[str, ...]] = {
    Cue.REFERS: (
        "he|him|his|she|hers?|it|its|they|them|theirs?|this|that|these|those|there|then|ones?|such|same",
        "он|она|оно|они|его|ее|их|ему|ей|им|ним|ней|них|нем|него|нее|эт(о|от|а|и|ого|ой|ом|их|ому)|там|туда|тогда|тот|те",
        "er|ihn|ihm|ihnen|sie|es|dort|dies|diese[rmns]?|das|dessen|deren|darüber|dafür|dabei|damit",
        "ils?|elles?|lui|leurs?|y|cela|ça|cette|cet|ces|celui|celle|ceux",
        "él|ell[ao]s?|eso|esto|es[aeo]s?|est[aeo]s?|allí|ahí|sus?",
    ),
    Cue.MORE: (
        "else|others?|another|also|еще|друг(ие|их|ое|ой)|кроме|noch|sonst|außerdem|weitere|autres?|encore|aussi",
        "otr[oa]s?|además|también",
    ),
    Cue.OPENS: ("(?<=^ )(and|but|or|so|what if|(what|how) about|а|и|но|или|und|aber|oder|et|mais|ou|y|pero|o|e)",),
    Cue.BARE: (),
    Cue.CORRECTS: (
        "(?<=^ )(no|nope|sorry|not|нет|не|nein|nicht|non|pas)|i (mean|meant|am asking|was asking)",
        "я (имел|имела|имею|про|спрашиваю|о)|ich (meine|meinte)|je (veux|voulais) dire|je parle",
        "quiero decir|me refiero",
    ),
}

SMALL_TALK_ANYWHERE = (
    "谢谢|感谢|多谢|谢|辛苦|麻烦|不客气|好的?|嗯|行|对|是的|没错|可以|明白|知道|了解|懂|收到|你好|您好|大家好|再见|拜拜|早上?|哈喽|嗨",
    "[你您啊哦噢啦吧的了呀们哈,。! ]|非常|十分|太|很|ok",
    "ありがとう|ございます|ました|どうも|こんにちは|はい|わかりました|了解|です|안녕|하세요|감사|합니다|해요|고마워|고맙|습니다|요|네|알겠",
)
"""Pieces of thanks, greetings and assent; a turn that is made of nothing else asks nothing."""
SMALL_TALK_WORDS = (
    "hi|hello|hey|dear|good|morning|evening|afternoon|day|thanks?|thank|you|very|so|much|many|a|lot|ok|okay|great|perfect",
    "cool|nice|fine|right|sure|yes|yeah|got|it|i|see|understood|bye|goodbye|please|that|s|is|helpful|was|cheers",
    "спасибо|большое|привет|здравствуйте|добрый|день|вечер|хорошо|понятно|понял|поняла|ясно|да|ладно|пока|отлично",
    "danke|dir|ihnen|vielen|dank|schön|sehr|hallo|guten|tag|gut|alles|klar|ja|super|tschüss|auf|wiedersehen",
    "merci|beaucoup|bien|bonjour|salut|d|accord|oui|au|revoir|parfait|gracias|muchas|hola|buenos|días|vale|bueno|sí|adiós",
)

_DAYS_AND_MONTHS = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december mondays tuesdays wednesdays thursdays fridays saturdays sundays"
)
CAPITALS_OF_NO_NAME = frozenset(_DAYS_AND_MONTHS.split())
_GERMAN = (
    "der das dem eine einen einem einer ist sind wird wie wann wer wo welche welcher für und oder nicht auch ich kann"
    " muss gibt mit von auf"
)
NOUNS_IN_CAPITALS = frozenset(_GERMAN.split())
"""Words of a language that writes every noun with a capital."""
