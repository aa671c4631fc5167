"""Page furniture that holds numbers, dates or names, as patterns over a folded unit.

The lexical fold has made colons, brackets, digits and spaces half-width, letters small and Chinese simplified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qa_service.text.furniture.dates import COUNT, DAY, ENGLISH_DAY, EUROPEAN_DAY, TIME
from qa_service.text.furniture.tiers import Tier


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern.

    Attributes:
        reason: what it is evidence of.
        tier: how much it proves.
        expression: may begin at any place that no letter precedes.
        slot: how many letters of a name, date or title may follow it.
    """

    reason: str
    tier: Tier
    expression: str
    slot: int = 0


EDIT_LINK = "edit link"
"""The reason of a link that stands after headings."""

_LOADING = r"(?:载入中|加载中|读取中|loading|统计中)"
_NUMBER_OF = r"(?:数|量|次数|人次|人数|수)?"
_SIZES = r"(?:特大|大号|中号|小号|大|中|小|标准|默认|放大|缩小|a[+-]?|[+\-\s/|\[\]【】()])"
_MAKERS = (
    r"(?:wordpress|discuz|phpbb|phpwind|vbulletin|xenforo|drupal|joomla|dedecms|phpcms|empirecms|ecshop|typecho|z-blog"
    r"|hexo|hugo|jekyll|disqus|blogger|shopify|wix|squarespace|ghost|mediawiki|tumblr|typepad|mailchimp|substack)"
)
_PREVIOUS_OR_NEXT = r"(?:[上下]一[篇条则]|[上下]一主题|(?:previous|next)\s(?:post|article|story|entry))"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼陇滇"

PATTERNS = (
    Pattern(
        "copyright line",
        Tier.ALONE,
        rf"[{_PROVINCES}]?\s?icp\s?(?:备案?|证)?\s?(?:编?号)?\s?:?\s?[a-z]?\d{{5,}}\s?号?(?:\s?-\s?\d+)?",
    ),
    Pattern("copyright line", Tier.ALONE, rf"[{_PROVINCES}]?\s?公网安备\s?:?\s?\d{{6,}}\s?号?"),
    Pattern("copyright line", Tier.ALONE, r"网站标识码\s?:?\s?\w{6,12}"),
    Pattern(
        "copyright line",
        Tier.ALONE,
        r"(?:互联网新闻信息服务|信息网络传播视听节目|增值电信业务经营|网络出版服务|广播电视节目制作经营)许可证(?:编号)?\s?:?",
        24,
    ),
    Pattern(
        "copyright line",
        Tier.ALONE,
        r"(?:copyright\s?(?:©|\(c\)|by)?|©|\(c\))\s?\d{4}(?:\s?(?:[-–—~,]|to)\s?(?:\d{4}|present|now))?",
        60,
    ),
    Pattern("copyright line", Tier.ALONE, r"(?:copyright\s?)?©(?:\s?copyright)?(?=\s?\w)", 60),
    Pattern("copyright line", Tier.ALONE, rf"(?:proudly\s)?powered\sby\s{_MAKERS}", 40),
    Pattern("copyright line", Tier.ALONE, rf"由\s?{_MAKERS}\s?(?:强力)?驱动"),
    Pattern(
        "copyright line", Tier.COMPANY, r"powered\sby\s|theme(?:d)?\s?(?:by\s|:\s)|designed\sby\s|hosted\sby\s", 40
    ),
    Pattern(
        "counter",
        Tier.EDGE,
        rf"(?:点击|浏览|围观|点阅|跟帖|阅览|조회){_NUMBER_OF}\s?[:(\[]\s?{COUNT}\s?[)\]]?\s?(?:次|人次|人|条)?(?!\w)",
    ),
    Pattern("counter", Tier.EDGE, rf"(?:阅读|评论|回复|查看|人气|댓글|コメント)\s?[(\[]\s?{COUNT}\s?[)\]](?!\w)"),
    Pattern(
        "counter",
        Tier.ALONE,
        rf"(?:点击|浏览|围观|点阅|跟帖|阅览|조회){_NUMBER_OF}\s?[:(\[]\s?{_LOADING}[.\s]{{0,8}}[)\]]?(?!\w)",
    ),
    Pattern(
        "counter",
        Tier.ALONE,
        rf"(?:阅读|评论|回复|查看|人气|댓글|コメント)\s?[(\[]\s?{_LOADING}[.\s]{{0,8}}[)\]](?!\w)",
    ),
    Pattern(
        "counter",
        Tier.COMPANY,
        r"(?:点击|阅读|浏览|查看|访问|人气|围观|回复|评论|点阅|观看|跟帖|点赞|赞|收藏|转发|分享|打赏|推荐|顶|踩|조회|댓글|コメント|좋아요)"
        rf"(?:数|量|次数|人次|人数|수)?\s?[:(\[]?\s?{COUNT}\s?[)\]]?\s?(?:次|人次|人|条)?(?!\w)",
    ),
    Pattern("counter", Tier.COMPANY, rf"(?:点击|浏览|阅读|访问)(?:数|量|次数|人次)?\s?:?\s?{_LOADING}[.\s]{{0,8}}"),
    Pattern("counter", Tier.COMPANY, rf"(?:阅读|查看|访问|人气|评论|回复)\s?:\s?{_LOADING}[.\s]{{0,8}}"),
    Pattern(
        "counter",
        Tier.COMPANY,
        rf"(?:已有\s?)?{COUNT}\s?(?:次|人次?)\s?(?:点击|阅读|浏览|访问|观看|围观|参与|评论|点赞|赞过|收藏)",
    ),
    Pattern("counter", Tier.ALONE, rf"本[站页](?:总)?(?:访问|浏览)(?:量|人数|次数)\s?:?\s?{COUNT}\s?(?:次|人|人次)?"),
    Pattern("counter", Tier.ALONE, r"(?:本文字数|字数统计)\s?:.{1,12}阅读时长\s?[:≈]?\s?(?:≈\s?)?\d+\s?分钟"),
    Pattern("counter", Tier.ALONE, rf"您是(?:本站|本网|本网站)?的?\s?第\s?{COUNT}\s?位(?:访客|访问者|来访者|浏览者)"),
    Pattern(
        "counter",
        Tier.COMPANY,
        rf"(?:赞同|关注者|被浏览|粉丝|关注|喜欢|回答|留言)\s?{COUNT}(?!\w)|{COUNT}\s?个(?:回答|评论|赞|回复|关注)(?!\w)",
    ),
    Pattern(
        "menu",
        Tier.COMPANY,
        r"(?:basket|cart|bag|wishlist|购物车|カート|warenkorb|panier|carrito|корзина)\s?\(\s?\d+\s?\)",
    ),
    Pattern("menu", Tier.COMPANY, r"(?:关于|联系|走进)[\u4e00-\u9fff]{2,5}(?=\s?(?:[|/•·-]|$))"),
    Pattern(
        "menu", Tier.COMPANY, r"[\u4e00-\u9fff]{0,4}(?:隐私权?|著作权|版权|免责|法律)(?:声明|政策|条款|协议|公告|说明)"
    ),
    Pattern("subscription line", Tier.COMPANY, r"下载[\w]{1,8}(?:客户端|app)$"),
    Pattern(
        "copyright line",
        Tier.EDGE,
        r"未经[^,。人者关门局院]{0,16}(?:授权|许可|允许|同意)\s?,?\s?(?:不得|请勿|禁止|严禁|谢绝)"
        r"[^,。]{0,6}(?:转载|复制|摘编|镜像|转贴|抄袭|采集|商用|商业使用)[^,。]{0,10}",
    ),
    Pattern("counter", Tier.COMPANY, rf"{COUNT}\s?(?:评论|浏览|阅读|收藏|点赞|回复|赞|转发|人气|댓글|コメント)(?!\w)"),
    Pattern("counter", Tier.EDGE, rf"(?:共\s?)?(?:有\s?)?{COUNT}\s?条(?:评论|回复|留言|跟帖)"),
    Pattern(
        "counter",
        Tier.EDGE,
        rf"{COUNT}\s(?:comments?|replies|kommentare?|commentaires?|comentarios?|комментари(?:ев|я|й))",
    ),
    Pattern("counter", Tier.COMPANY, rf"{COUNT}\s(?:views?|shares?|likes?|reads?|retweets?|followers?|hits|guests?)"),
    Pattern(
        "counter",
        Tier.EDGE,
        r"(?:views|comments|replies|hits|page\sviews|просмотр(?:ов|ы)|комментари(?:ев|и)|kommentare|commentaires|comentarios"
        rf"|vistas|vues|aufrufe)\s?[:(\[]\s?{COUNT}\s?[)\]]?",
    ),
    Pattern("counter", Tier.ALONE, rf"(?:view|show|see|read)\s(?:all\s)?{COUNT}\s(?:comments|replies)"),
    Pattern(
        "counter", Tier.ALONE, r"\d{1,3}[\s-](?:min|mins|minute|minutes)\sread|预计阅读(?:时间)?\s?:?\s?\d+\s?分钟"
    ),
    Pattern(
        "page number",
        Tier.ALONE,
        r"第\s?\d+\s?页\s?[,/;|]?\s?\(?\s?共\s?\d+\s?页\)?|第?\s?\d+\s?/\s?\d+\s?(?:页|ページ|페이지)",
    ),
    Pattern("page number", Tier.ALONE, r"共\s?\d+\s?页\s?[,/;|]?\s?(?:当前)?第\s?\d+\s?页"),
    Pattern(
        "page number", Tier.ALONE, r"page\s?:?\s?\d+\s?(?:of|/|sur)\s?\d+|seite\s\d+\svon\s\d+|página\s\d+\sde\s\d+"
    ),
    Pattern("page number", Tier.ALONE, r"(?:страница|стр\.)\s?\d+\sиз\s\d+"),
    Pattern("page number", Tier.NUMBER, r"第\s?\d+\s?页|(?:page|seite|página|страница)\s\d+"),
    Pattern("page number", Tier.ALONE, r"^[-–—·•]+\s?\d{1,4}\s?[-–—·•]+$"),
    Pattern("related articles", Tier.ALONE, r"更多关于.{1,30}?的(?:文章|新闻|报道|内容|信息|资讯)"),
    Pattern("next or previous article", Tier.ALONE, rf"^{_PREVIOUS_OR_NEXT}\s", 60),
    Pattern(
        "menu",
        Tier.EDGE,
        r"^(?:首页|主页|网站首页|home|ホーム|トップ|홈|главная|startseite|accueil|inicio|الرئيسية)\s?(?:>|»|›|→|::|/)\s?",
        60,
    ),
    Pattern("menu", Tier.EDGE, r"^[^>»›‹«]{1,24}\s[»›‹]\s[^>»›‹]{1,24}\s[»›‹]\s", 60),
    Pattern("menu", Tier.COMPANY, r"今天是\s?:?\s?\d{4}年\d{1,2}月\d{1,2}日"),
    Pattern("byline", Tier.ALONE, rf"(?:发[表布]|编辑)于\s?:?\s?{DAY}\s?{TIME}"),
    Pattern(
        "byline", Tier.COMPANY, rf"(?:发[表布]|编辑|更新|修改|上传|收录)于\s?:?\s?{DAY}|于\s?{DAY}\s?{TIME}\s?发布"
    ),
    Pattern(
        "byline",
        Tier.EDGE,
        rf"^(?:posted|last\supdated|last\smodified|last\sedited)(?:\son|\sat)?\s?:?\s?{ENGLISH_DAY}",
        40,
    ),
    Pattern(
        "byline",
        Tier.EDGE,
        rf"^(?:first\s)?(?:published|updated|modified)(?:\son|\sat)?(?:\s{ENGLISH_DAY}|\s?:\s?{ENGLISH_DAY},?(?:\sat)?\s{TIME})",
        40,
    ),
    Pattern("byline", Tier.COMPANY, rf"^(?:published|updated|modified)\s?:\s?{ENGLISH_DAY}", 20),
    Pattern(
        "byline",
        Tier.EDGE,
        rf"^(?:veröffentlicht(?:\sam)?|publié\sle|mis\sà\sjour\sle|publicado\s(?:el|en)|actualizado\sel|опубликовано|обновлено)\s?:?\s?{EUROPEAN_DAY}",
        40,
    ),
    Pattern("byline", Tier.EDGE, rf"^{ENGLISH_DAY}\s?[|,]?\s?(?:last\s)?updated\s?:?\s?{ENGLISH_DAY}"),
    Pattern("byline", Tier.TAIL, r"^[(【\[]\s?(?:责任编辑|责编|编辑|校对|审核|编审)\s?:.{1,20}[)】\]]$"),
    Pattern("byline", Tier.EDGE, rf"^{DAY}\s?(?:{TIME})?\s?(?:公开|更新|揭载|配信|发布|发表)$"),
    Pattern("byline", Tier.EDGE, rf"^(?:기사)?(?:입력|등록|수정)\s?:?\s?{DAY}(?:\s{TIME})?", 30),
    Pattern("byline", Tier.ALONE, rf"^by\s[^»]{{1,30}}\s»\s.{{0,8}}{ENGLISH_DAY}", 20),
    Pattern("byline", Tier.COMPANY, r"^by(?:\s[a-z][a-z.'-]{0,20}){2,4}$"),
    Pattern("byline", Tier.COMPANY, r"^(?:joined|posts|location|registered)\s?:", 30),
    Pattern("byline", Tier.ALONE, r"本页面?(?:最后|上次)(?:修订|修改|编辑|更新)(?:于|时间)?", 40),
    Pattern("byline", Tier.ALONE, r"this\spage\swas\slast\s(?:edited|modified|updated)\son", 40),
    Pattern("byline", Tier.ALONE, r"^(?:取自|retrieved\sfrom)\s?\"", 40),
    Pattern("byline", Tier.EDGE, r"^[-—=~*]+\s?(?:end|完|全文完|fin)\s?[-—=~*]+$"),
    Pattern("byline", Tier.EDGE, rf"^原创\s\S{{1,12}}\s\S{{1,20}}\s{DAY}"),
    Pattern("byline", Tier.ALONE, r"^收录于(?:话题|合集)\s?#?", 20),
    Pattern(
        EDIT_LINK,
        Tier.ALONE,
        r"^\[\s?(?:编辑|编辑源代码|编集|edit|edit\ssource|править|править\sкод|modifier|bearbeiten|편집)\s?\]$",
    ),
    Pattern("page tools", Tier.ALONE, rf"(?:字体|字号|字级|文字サイズ|글자\s?크기)(?:大小)?\s?:?\s?{_SIZES}{{2,12}}"),
    Pattern("menu", Tier.COMPANY, r"^(?:您好|你好)?,?\s?欢迎(?:您)?(?:来到|访问|光临|进入|登录)[^,。]{1,20}$"),
    Pattern(
        "comment form",
        Tier.ALONE,
        r"(?:请|您需要|需要)?登录后(?:才能|才可以|方可|可以|可|再|进行)*(?:评论|回复|发表评论|回帖|查看|发言|留言)",
    ),
    Pattern("subscription line", Tier.ALONE, r"^sign\sup\s(?:for|to)\s(?:our|the|your)\s.{0,40}newsletters?$"),
    Pattern("comment form", Tier.COMPANY, r"^(?:#\s?\d{1,4}|\d{1,4}\s?楼)$"),
    Pattern("comment form", Tier.ALONE, r"\d+\sposts?\s•\spage\s\d+\sof\s\d+|all\stimes\sare\s(?:utc|gmt)", 12),
    Pattern(
        "subscription line", Tier.ALONE, r"点击(?:上方|下方|上面|下面).{0,16}?(?:关注|订阅)(?:我们|我|本号|公众号)?"
    ),
    Pattern("subscription line", Tier.ALONE, r"长按.{0,10}二维码.{0,12}?(?:关注|订阅)(?:我们|我|本号|公众号)?"),
    Pattern(
        "subscription line", Tier.ALONE, r"扫(?:一扫|描|码)?.{0,12}?(?:关注)(?:我们|我|本号|公众号|官方微信|微信公众号)"
    ),
    Pattern(
        "browser notice",
        Tier.ALONE,
        r"(?:最佳浏览|建议).{0,8}?(?:解析度|分辨率)\s?(?:为|:)?\s?\d{3,4}\s?[x*×]\s?\d{3,4}",
    ),
    Pattern(
        "browser notice", Tier.ALONE, r"(?:建议)?使用\s?ie\s?[\d.]+\s?(?:及)?以上(?:版本)?(?:的)?浏览器(?:浏览|访问)?"
    ),
)
"""Earlier ones win where two begin at one place."""

TRIGGER = re.compile(
    r"\d|[©>»›‹→/]|::|powered|theme|designed|hosted|更多关于|^(?:[上下]一|previous\s|next\s|by\s|joined|posts|location|registered|[-—=~*])"
    r"|本页|basket|cart|bag|wishlist|购物车|关于|联系|走进|声明|政策|条款|协议|公告|说明|下载|未|本站|本文字数|驱动|欢迎|登录后|sign\sup|updated|编辑|校对|审核|责编|this\spage|all\stimes|取自|原创|收录|^\[|retrieved|字体|字号|字级|文字サイズ|글자|点击|长按|扫|浏览|阅读|查看|访问|人气|评论|回复"
)
"""What every pattern needs; most units have none of it."""

_NOT_WIDE = r"[^\s\u2e80-\U0003ffff]"
LINK = re.compile(rf"https?:{_NOT_WIDE}+|www\.{_NOT_WIDE}+|(?<![\w.+-])[\w.+-]{{1,64}}@[\w.-]+")
"""Addresses of pages and people: words in them say nothing."""

DETAILS = re.compile(
    r"(?:地址|电话|邮编|传真|邮箱|热线|手机|联系人|开放时间|营业时间|住所|分机|住址|电话|所在地|전화|주소|адрес|телефон|address"
    r"|tel|phone|fax|e-?mail|opening hours|hours|telefon|adresse|teléfono|dirección|téléphone|هاتف|العنوان)\s?[:.]"
    r"|^\d{1,2}:\d{2}(?!\d)|(?<![\d:])\d{1,2}:\d{2}\s?[-–—~至到]"
    r"|\d\s?(?:元|块|圆|원|€|\$|£|руб|usd|eur|kr)(?!\w)|[¥$€£₩]\s?\d"
)
"""Details that readers look for, wherever they stand."""
