"""Articles made for the fault scripts: text, title and words follow from the id and the version alone."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_HAN = (
    "天地山水风云花草树木春夏秋冬日月星辰东西南北城市乡村道路桥梁河流湖泊海洋森林田野房屋门窗桌椅书本纸笔"
    "文字语言音乐绘画舞蹈运动比赛学校老师学生朋友父母兄弟姐妹孩子老人医生护士工人农民商店市场银行邮局车站"
    "机场码头轮船火车汽车飞机电话电视电脑网络新闻报纸杂志广播历史地理数学物理化学生物经济政治法律军事文化"
)
_FOOTER = "🙂本栏目由第{site}编辑部整理并核对后发布,欢迎读者来信指正其中的疏漏。"
SITES = 3


@dataclass(frozen=True, slots=True)
class Made:
    """One version of an article.

    Attributes:
        id: names the article; what precedes the first dash is its kind: `site` ones come from a few sites and have
            their site's footer, `large` ones have several passages.
        version: from 0 up.
    """

    id: str
    version: int

    @property
    def word(self) -> str:
        """A word that only this article has, in every version."""
        return _word(self.id)

    @property
    def code(self) -> str:
        """A word that only this version has."""
        return _word(f"{self.id}/{self.version}")

    @property
    def question(self) -> str:
        """What this article alone answers."""
        return f"{self.word}号仓库的负责人编号是多少?"

    @property
    def title(self) -> str:
        return f"{self.id} 第{self.version}版"

    @property
    def text(self) -> str:
        return _text(self.id, self.version)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def url(self) -> str | None:
        """Its address, for the articles of a site."""
        return f"https://site{_site(self.id)}.example/{quote(self.id)}" if self.id.startswith("site-") else None

    def row(self) -> dict[str, object]:
        """Give it as the API and a .jsonl file take it."""
        row: dict[str, object] = {"id": self.id, "title": self.title, "text": self.text}
        return row | ({"url": self.url} if self.url else {})


def _word(seed: str) -> str:
    digest = hashlib.blake2b(seed.encode(), digest_size=12).digest()
    return "q" + "".join(_LETTERS[byte % 26] for byte in digest)


def _site(article_id: str) -> int:
    return hashlib.blake2b(article_id.encode(), digest_size=1).digest()[0] % SITES


@lru_cache(maxsize=8192)
def _text(article_id: str, version: int) -> str:
    made = Made(article_id, version)
    # The rest of a large article stays as it is, so that a new version costs little to encode.
    rng = random.Random(article_id if article_id.startswith("large-") else f"{article_id}/{version}")
    sentences = 90 if article_id.startswith("large-") else rng.choice((1, 1, 2, 3, 5, 8))
    lines = [f"{made.word}号仓库的负责人编号是{made.code}。"]
    lines += ["".join(rng.choices(_HAN, k=rng.randint(12, 40))) + "。" for _ in range(sentences)]
    text = "".join(line + rng.choice(("", "", "\n", "\r\n", "🙂")) for line in lines)
    return text + ("\n\n" + _FOOTER.format(site=_site(article_id)) if made.url else "")
