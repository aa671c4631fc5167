"""Parts of the sentences that sites put under, over and between texts: disclaimers, cookie and error notices.

In the form of `words_east`, but found anywhere in a unit.
"""

from __future__ import annotations

EAST = {
    "disclaimer": (
        "凡本网注明|凡注明|均转载自|均来自网络|均来源于网络|文章来源于网络|图片来源于网络|内容来源于网络"
        "|素材来源于网络|本网转载|本站转载|转载此文|转载本文|转载目的在于传递更多信息|目的在于传递更多信息"
        "|出于传递更多信息|不代表本网|不代表本站|不代表本平台|不代表本公众号|不代表本报|证实其内容的真实性"
        "|仅代表作者个人观点|仅代表作者本人观点|仅代表作者观点|仅代表作者本人|仅代表原作者|代表作者个人观点"
        "|不代表本网立场|不代表本站立场|不代表本站观点|与本站无关|与本网无关|与本站立场无关|请读者仅作参考|如涉及版权"
        "|如涉及侵权|如涉版权|版权归原作者所有|版权归作者所有|版权归原作者|请联系删除|请联系我们删除|请联系本站"
        "|请告知删除|联系我们删除|请与本网联系|请与本站联系|转载请注明出处|转载请注明来源|转载请注明|请注明出处"
        "|请注明来源|请注明文章来源|并注明出处|注明来源及作者|转载请附上原文出处链接|本文为博主原创文章"
        "|本文为原创文章|均为本网合法拥有|版权属于本网|本网站内容|本站内容|本站部分内容|本站所有内容|本站所有文章"
        "|本站所有资源|部分内容来源于互联网|部分图片来自网络|免责声明:|版权声明:|特别声明:|郑重声明:|据此操作风险自担"
        "|投资者据此操作|网友评论仅供|并不表明本站|建立镜像|请勿转载或建立镜像|书面特别授权|归原作者所有|本文转载自"
        "|文章转载自|仅供学习参考|仅供学习交流|仅作为传递信息|信息之目的|平台声明|本平台仅提供|未经本网|未经本报"
        "|未经本站|本报记者作品|违反上述声明|违者将依法|本博客所有文章|除特别声明外"
    ),
    "subscription line": (
        "如果无法正常显示|如无法正常显示|在浏览器中查看|点个“在看”|如果无法正常显示邮件|无法正常显示此邮件"
        "|您收到此邮件是因为|你收到此邮件是因为|您收到这封邮件是因为|如果您不想再收到|如不想再收到|请点击退订"
        "|此邮件由系统|点击蓝字|关注我们|关注公众号|订阅我们|长按二维码|长按识别|识别二维码|扫描二维码关注|扫码关注"
        '|微信扫一扫|关注该公众号|扫描下方二维码|点击左下角|点个在看|点个"在看"|点亮在看|分享给更多人|置顶公众号'
        "|分享给好友|下载客户端|设为星标|转发给朋友|关注微信公众号|更多精彩内容|更多精彩请|更多资讯请|官方微信公众号"
        "|您的支持将鼓励|您的支持是我|坚持原创技术分享|フォローしよう|最新情報をお届け"
    ),
    "cookie notice": (
        "本网站使用cookie|本站使用cookie|我们使用cookie|使用cookies来|继续浏览本网站|继续使用本网站|您同意我们使用"
        "|改善您的浏览体验|接受所有cookie|当サイトではcookieを使用|cookieを使用しています|cookieの使用に同意"
    ),
    "comment form": (
        "遵守新闻评论服务协议|互联网相关的政策法规|登录后发表|本版积分规则|您还未登录|更好地浏览|请自觉遵守互联网"
        "|发表评论前|用户评论仅代表"
    ),
    "browser notice": (
        "建议使用ie|建议使用chrome|建议使用谷歌浏览器|分辨率浏览|浏览器版本过低|请升级浏览器|获得更好的浏览体验"
        "|获得最佳浏览效果|欢迎使用手机浏览|请开启javascript"
    ),
    "error page": (
        "您访问的页面|您要访问的页面|你访问的页面|您要查看的页面|您所访问的页面|不存在或已被删除|不存在或已删除"
        "|秒后自动跳转|ページは見つかりません|移動または削除された可能性"
    ),
}

WEST = {
    "disclaimer": (
        "the views expressed|views and opinions expressed|opinions expressed|are those of the author"
        "|are those of the authors|do not necessarily reflect|does not necessarily reflect"
        "|do not necessarily represent|for informational purposes only|for general information only"
        "|for general informational purposes|is not a substitute for professional|we may earn a commission"
        "|we may earn a small commission|this post may contain affiliate links|this post contains affiliate links"
        "|contains affiliate links|through links on our site|at no extra cost to you|at no additional cost to you"
        "|we are not responsible for the content|is not responsible for the content of external sites"
        "|on this website is|may not be published, broadcast, rewritten or redistributed|rewritten or redistributed"
        "|use of this site constitutes acceptance of|мнение редакции может не совпадать с мнением автора"
        "|мнение редакции может не совпадать|мнение автора может не совпадать|редакция не несет ответственности"
        "|редакция не несёт ответственности|за содержание рекламных материалов|при использовании материалов"
        "|гиперссылка на сайт|ссылка на источник обязательна|свидетельство о регистрации сми"
        "|für den inhalt externer seiten|namentlich gekennzeichnete beiträge"
        "|geben nicht unbedingt die meinung der redaktion wieder|las opiniones expresadas"
        "|son responsabilidad de sus autores|this article needs additional citations|this article needs additional"
        "|citations for verification|please help improve this article|text is available under the creative commons"
        "|creative commons attribution-sharealike|additional terms may apply|by using this site, you agree to"
        "|we want to hear what you think about this article|submit a letter to the editor|as an amazon associate"
        "|earn from qualifying purchases|by allowing ads to appear on this site|copyright of their respective owners"
        "|property of their respective owners|i understand and agree that registration"
        "|constitutes agreement to its user agreement|user agreement and privacy policy|перепечатка материалов"
        "|только с разрешения редакции|с письменного разрешения редакции|при перепечатке|при копировании материалов"
        "|использование материалов сайта|материалов сайта|гиперссылка обязательна"
        "|зарегистрировано федеральной службой"
    ),
    "cookie notice": (
        "we use cookies|this site uses cookies|this website uses cookies|our site uses cookies"
        "|our website uses cookies|to analyse our traffic|to analyze our traffic|our cookie policy"
        "|политикой конфиденциальности|использует cookie|wir verwenden cookies|wenn sie die website weiter nutzen"
        "|stimmen sie der verwendung von cookies zu|ce site utilise des cookies|nous utilisons des cookies"
        "|vous acceptez l'utilisation|pour vous garantir la meilleure expérience|este sitio utiliza cookies"
        "|utilizamos cookies|by continuing to browse|by continuing to use this|by continuing to use our"
        "|to our use of cookies|our use of cookies|you agree to the use of cookies|en poursuivant votre navigation"
        "|si continúa navegando|si continúas navegando|продолжая использовать сайт|продолжая пользоваться сайтом"
        "|продолжая просмотр"
    ),
    "subscription line": (
        "you are receiving this email because|you received this email because|you're receiving this email because"
        "|if you no longer wish to receive|you can unsubscribe|click here to unsubscribe|unsubscribe"
        "|update your preferences|having trouble viewing this email|trouble viewing this email"
        "|view it in your browser|sign up for our newsletter|enter your email address|subscribe to this blog"
        "|and receive notifications of new posts by email|this is an automated message"
        "|please do not reply to this email|do not reply to this email|please do not reply|вы получили это письмо"
        "|потому что подписались|чтобы отписаться|vous recevez cet e-mail|recibes este correo|porque te has suscrito"
        "|you are receiving this email|you received this email|you're receiving this email"
        "|you are receiving this because|you're receiving this because|want to change how you receive these emails"
        "|this email was sent to|want to receive our|sign up here|unseren newsletter|newsletter abonniert"
        "|sie erhalten diese e-mail|sie erhalten diesen newsletter|notre newsletter|vous êtes inscrit à"
        "|nuestro boletín|estás suscrito a|вы подписаны на рассылку|эту рассылку|adding us to your address book"
        "|add us to your address book|sign up for our|подпишитесь на нашу рассылку|нашу рассылку|понравилась статья"
        "|выделите её и нажмите|выделите ее и нажмите|ctrl+enter"
    ),
    "comment form": (
        "your email address will not be published|required fields are marked"
        "|save my name, email, and website in this browser|for the next time i comment|this site uses akismet"
        "|learn how your comment data is processed|did you make this recipe|users browsing this forum"
        "|no registered users|all times are utc|all times are gmt"
    ),
    "browser notice": "please enable javascript|your browser does not support|upgrade your browser",
    "error page": (
        "the page you are looking for|the page you were looking for|the page you requested"
        "|the page you're looking for|the requested url|was not found on this server|please check the url"
        "|check the url and try again|go back to the homepage"
    ),
}

EAST_REST = {
    "disclaimer": (
        "并不代表|并不意味着|请自行核实|及时删除|第一时间删除|我们将及时|未经授权|未经许可|未经书面许可|未经书面授权"
        "|不得转载|禁止转载|不得转载摘编|不得以任何形式|任何媒体|任何单位或个人|任何单位和个人|追究法律责任"
        "|追究其法律责任|依法追究|以上内容|声明:|投资有风险|风险提示:|授权转载|均为转载|遵循cc|和本声明|网友个人看法"
        "|请与我们联系|如有侵权|若有侵权|不构成投资建议|证实其描述|对其真实性负责|同意其观点|赞同其观点|版权均属"
        "|版权均属于|本文为原创|本文系原创|违者依法|请勿转载|依法追究相关法律责任|追究相关法律责任|违者必究|联系邮箱"
        "|注明出处|仅供参考|立即删除|请联系|许可协议|知识共享|版权归|转载自|本文来自|由网友|网友上传|网友提供"
        "|用户上传|书面授权|本作品采用|一经查实|举报邮箱|传播更多信息|信息存储空间"
    ),
    "subscription line": (
        "无法正常显示|请点击此处|点击这里|自动发送|此类邮件|不再接收|如果您不希望|点击上方|点击下方|阅读原文|星标"
        "|请点这里|后台回复|敬请关注|请勿直接回复|蓝字|觉得好看|您订阅了|请关注|欢迎关注|微信公众号|公众号|客户端"
        "|继续创作"
    ),
    "cookie notice": "即表示您同意|以提升您的|提供更好的体验",
    "comment form": (
        "请遵守|请自觉遵守|登录后可|您需要登录|使用高级|登录后才可以|登录后才能|暴力、反动的言论|严禁发布色情"
        "|文明上网|理性发言|登录后即可|登录后你可以|登录后您可以|登录后才可以浏览"
    ),
    "browser notice": "浏览器浏览|以上分辨率|您的浏览器|最佳浏览|建议您使用|手机浏览|以上版本浏览器",
    "error page": "已被删除|不存在|找不到|返回首页|自动跳转|将自动返回|抱歉|很抱歉|对不起|请检查",
}
"""Parts that also stand in other texts: they count only beside one of the above."""

WEST_REST = {
    "disclaimer": (
        "does not constitute|is not intended to be|legal advice|investment advice|financial advice"
        "|professional medical advice|if you make a purchase|if you buy something|without permission"
        "|without prior written permission|without written permission|without the written permission"
        "|may not be published|may not be reproduced|toute reproduction|sans autorisation|est interdite"
        "|no reflejan necesariamente|активная ссылка|reproduction in whole or in part|all content on this site"
        "|the official policy or position|if you have any questions|registered office|company number"
        "|is a registered trademark of|registered charity|registered in england|affiliate links"
    ),
    "cookie notice": (
        "by continuing to use|continue browsing|use of cookies|use cookies|uses cookies|you agree to our"
        "|you agree to the use|you accept our|you accept|you consent to|to improve your experience"
        "|to enhance your experience|to give you the best|online experience|to ensure that we give you"
        "|best experience|the best possible experience|to personalise content|to personalize content|and ads"
        "|and similar technologies|to find out more|find out more|learn more|privacy policy|this site uses"
        "|мы используем|файлы cookie|вы соглашаетесь|с использованием|um ihnen|wenn sie fortfahren|die bestmögliche"
        "|weitere informationen|de cookies|utiliza cookies|acepta su uso|aceptas su uso|consideramos que acepta"
        "|para mejorar su experiencia|para mejorar tu experiencia|diese website verwendet|verwendet cookies"
        "|continue to use this site"
    ),
    "subscription line": (
        "on our website|to our newsletter|to our mailing list|these emails|don't want to receive|get the latest"
        "|to your inbox|delivered to your inbox|straight to your inbox|was sent to|you signed up|you subscribed"
        "|you opted in|subscribe to our|weil sie sich|parce que vous|подпишитесь на|no longer wish to receive"
        "|click here|enter your email|newsletters|our newsletter|in your inbox"
    ),
    "comment form": "guests|and 1 guest|registered users and|to post a comment|you must be logged in|leave a comment",
    "browser notice": (
        "best viewed|does not support|your browser is|out of date|with a screen resolution of|internet explorer"
        "|or later|javascript to view"
    ),
    "error page": (
        "sorry|could not be found|cannot be found|was not found|does not exist|doesn't exist|may have been moved"
        "|has been moved|or deleted|might have been removed|had its name changed|or is temporarily unavailable"
        "|try searching|check the url"
    ),
}
