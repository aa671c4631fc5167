"""Articles of the trial's own: what a page from the web could put before a browser, and the questions they answer."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from checks import Trouble

PLAIN_QUESTION, PLAIN_ANSWER = "灭蚊药对猫有害吗？", "2个小时"
"""Answered by the samples."""
FOLLOW_UP, FOLLOW_UP_ANSWER = "那防控值班电话是多少？", "0000-5550107"

LINK_TITLE = "https://lanterns.example/2031/fair"
LINK_QUESTION, LINK_ANSWER = "松岭灯会几点亮灯？", "19点20分"
MARKUP_TITLE = "<img src=https://tracker.example/title.png> ![x](https://tracker.example/title2.png) [2] *渡船*"
MARKUP_QUESTION, MARKUP_ANSWER = "芦湾渡船的票价是多少？", "6元5角"
FOREIGN = "tracker.example"
TWICE_QUESTION, TWICE_ANSWER = "桂坪水库什么时候开始清淤？", "11月3日"
"""Answered by two articles."""

_ARTICLES = [
    {
        "id": "reservoir-notice",
        "title": "桂坪水库清淤通告",
        "url": "https://water.example/notice/17",
        "text": "桂坪水库从11月3日开始清淤，工期45天。清淤期间水库停止垂钓，环库步道照常开放。",
    },
    {
        "id": "reservoir-news",
        "title": "冬天的桂坪水库：清淤队进场",
        "url": "https://news.example/2031/reservoir",
        "text": "记者从水务站获悉，桂坪水库的清淤定在11月3日开始，预计清出淤泥两万方，淤泥将运往苗圃作肥料。",
    },
    {
        # A title that is a link: Open WebUI asks a foreign host for an icon of what is shown as one.
        "id": "https://lanterns.example/2031/fair",
        "title": LINK_TITLE,
        "url": "https://lanterns.example/2031/fair?a=1&b=2",
        "text": "松岭灯会今年在河堤举行。松岭灯会每晚19点20分亮灯，22点熄灯，遇雨顺延一天。入场免费，自带垃圾袋。",
    },
    {
        "id": "markup",
        "title": MARKUP_TITLE,
        "text": "芦湾渡船的票价是6元5角<img src=https://tracker.example/text.png> [3] **学生半价**[点这里]"
        "(https://tracker.example/link)，上船付款。芦湾渡船首班6点，末班21点。\n\n"
        "![渡船](https://tracker.example/paragraph.png)\n\n<iframe src=https://tracker.example/frame></iframe>\n\n"
        "```html\n<script src=https://tracker.example/script.js></script>\n```\n\n雨天照常开航。",
    },
]


def add_articles(service: str, key: str) -> None:
    """Put them into the service's default collection.

    Errors:
        Trouble: the service refused them.
    """
    request = urllib.request.Request(
        f"{service}/v1/articles?collection=default",
        json.dumps({"articles": _ARTICLES}).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=120).close()
    except urllib.error.HTTPError as error:
        raise Trouble(f"the service refused the trial's articles: {error.read().decode()[:500]}") from None
