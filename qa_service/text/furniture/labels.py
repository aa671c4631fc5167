"""Labels of page furniture: a colon and a name, a date or a title follow them. In the form of `words_east`."""

from __future__ import annotations

ALONE = {
    "related articles": (
        "相关文章|相关新闻|相关主题|related articles|related posts|читайте также|lesen sie auch|à lire aussi"
        "|lire aussi|lee también|اقرأ أيضا|اقرأ أيضاً"
    ),
    "menu": (
        "您的位置|你的位置|您当前的位置|您当前位置|您现在的位置|你现在的位置|您所在的位置|您所在位置|当前栏目"
        "|文章标签|本文标签|分类专栏|you are here|filed under|tagged|tagged with|вы здесь|вы находитесь здесь"
        "|sie sind hier|vous êtes ici|usted está aquí|estás aquí|أنت هنا"
    ),
    "copyright line": "版权所有|本文链接|本文地址|本文网址|转载请注明|网站备案号",
    "next or previous article": (
        "上一篇|下一篇|上一条|下一条|上一主题|下一主题|上一篇文章|下一篇文章|前一篇|后一篇|上一则|下一则|前の記事"
        "|次の記事|이전글|다음글|previous post|next post|previous article|next article|previous entry|next entry"
        "|предыдущая статья|следующая статья"
    ),
}
"""Furniture together with what follows, up to the end of the unit or the next label."""

TAIL = {
    "byline": "责任编辑|责编|本文编辑|值班编辑|网络编辑|责任校对|初审|复审|终审",
    "menu": "友情链接|相关链接|网站链接",
}
"""Furniture after the last sentence of the article."""

COMPANY = {
    "byline": (
        "来源|信息来源|文章来源|稿件来源|新闻来源|稿源|编辑|审核|校对|排版|发布时间|发布日期|发表时间|发表日期"
        "|更新时间|更新日期|最后更新|最近更新|发布者|发布人|录入|本文作者|投稿者|作成日|作成者|公開日|更新日|投稿日"
        "|最終更新日|기사입력|최종수정|posted by|posted in|published by|last updated|last modified|source|editor"
        "|источник|опубликовано|автор статьи"
    ),
    "menu": (
        "filed under category|カテゴリー|カテゴリ|タグ|当前位置|现在位置|目前位置|現在位置|現在地|标签|分类|所属分类"
        "|所属栏目|文章分类|个人分类|热门|热门搜索|热搜|tags|categories|теги|рубрика|рубрики|kategorien|schlagwörter"
        "|mots-clés|etiquetas|jump to|return to|метки|раздел"
    ),
    "share line": "分享|分享给|分享本文|转发|share|tweet|follow us|follow us on|partager|teilen|compartir|شارك",
    "related articles": "previous|next|related|read also|see also|read more|mehr zum thema",
    "counter": "本文字数|字数统计|阅读时长",
}
"""Furniture beside other furniture, or two of them in one unit."""

HALF = {
    "byline": (
        "监制|时间|日期|作者|原作者|文章作者|撰文|文|图|图片|摄影|通讯员|记者|出处|点击|입력|수정|등록|author|date"
        "|joined|posts|location|автор|дата"
    ),
    "copyright line": "主办|承办|主办单位|承办单位|协办|协办单位|技术支持|运营单位|网站维护|备案号|许可证号",
    "subscription line": "微信号|公众号|微信公众号|官方微信|官方微博",
}
"""Facts as a rule: they fill a line of labels but make none."""
