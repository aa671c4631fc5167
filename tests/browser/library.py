"""The articles that the browser's tests ask about."""

from __future__ import annotations

from typing import Any

BUS_SENTENCE = "夜班车N8从五月一日起每二十分钟一班，末班车凌晨三点发车。"
BUS = f"{BUS_SENTENCE}票价两元，可以刷公交卡。车站在火车站北广场。"
CLINIC_SENTENCE = "第二社区医院的院长是林月华。"
FILLER = "".join(f"第{number}号仓库在东区，存放着{number * 7}箱图书😀。\n\n" for number in range(90))
"""More than one screen of text, with characters of two UTF-16 units."""
MORE = "".join(f"{number}号公园种着{number * 3}棵银杏。\n\n" for number in range(90))
HOSTILE_TITLE = (
    '<img src=x onerror="window.pwned=1"><script>window.pwned=2</script> [link](javascript:alert(1)) **bold** '
    "\u202egnp.exe\u202c {rank} $& " + "很长" * 200
)
HOSTILE_SENTENCE = "海底隧道<b onclick=pwned>限高</b>四点五米<script>window.pwned=3</script>，货车绕行。"

ARTICLES: dict[str, list[dict[str, Any]]] = {
    "default": [
        {
            "id": "bus/夜班", "title": "夜班车N8开通", "text": BUS,
            "url": "https://example.org/n8", "published_at": "2024-05-01",
        },
        {"id": "bus-copy", "title": "转载：夜班车N8", "text": BUS},
        {"id": "clinic", "text": FILLER + CLINIC_SENTENCE + "医院位于和平路十二号。\n\n" + MORE},
        {"id": "library", "title": "图书馆", "text": "市图书馆周一闭馆，其他日子九点开门。借书证免费办理。"},
    ],
    "hostile": [
        {"id": "../?#%2e<svg onload=pwned>", "title": HOSTILE_TITLE, "text": HOSTILE_SENTENCE},
        {"id": "plain", "title": "javascript:", "text": "海底隧道全长三公里。"},
    ],
}  # fmt: skip
