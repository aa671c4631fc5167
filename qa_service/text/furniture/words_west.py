"""What page furniture says in English, Russian, German, French, Spanish and Arabic; in the form of `words_east`."""

from __future__ import annotations

ALONE = {
    "menu": (
        "skip to content|skip to main content|skip to navigation|skip navigation|skip to search|jump to content"
        "|jump to navigation|jump to search|do not sell my personal information|do not sell my info"
        "|do not sell or share my personal information|back to home|back to homepage|go back to the homepage"
        "|return to homepage|return to home page|go to homepage|view mobile version|toggle navigation|toggle menu"
        "|your privacy choices|ad choices|adchoices|who is online|from wikipedia, the free encyclopedia"
        "|about wikipedia|jump to:|перейти к содержанию|перейти к содержимому|перейти к основному содержанию"
        "|на главную|вернуться на главную|политика обработки персональных данных|zum inhalt springen"
        "|zum hauptinhalt springen|zum seiteninhalt|direkt zum inhalt|zur navigation springen|zur startseite"
        "|zurück zur startseite|aller au contenu|aller au contenu principal|passer au contenu"
        "|passer au contenu principal|gérer les cookies|retour à l'accueil|retour à la page d'accueil"
        "|saltar al contenido|ir al contenido|ir al contenido principal|saltar al contenido principal"
        "|volver al inicio|العودة إلى الصفحة الرئيسية|انتقل إلى المحتوى|تخطى إلى المحتوى"
    ),
    "page tools": (
        "print this page|print this article|print page|printer-friendly version|printer friendly version"
        "|print-friendly version|back to top|go to top|return to top|scroll to top|top of page|copy link to clipboard"
        "|cite this page|jump to recipe|print recipe|pin recipe|click to enlarge|view larger image|enlarge image"
        "|view gallery|save article|версия для печати|распечатать|вверх страницы|к началу страницы|скачать pdf"
        "|seite drucken|artikel drucken|zum seitenanfang|link kopieren|imprimer cette page|imprimer l'article"
        "|haut de page|retour en haut|copier le lien|imprimir esta página|volver arriba|copiar enlace|طباعة الصفحة"
        "|العودة إلى الأعلى|نسخ الرابط|ajouter à la liste de souhaits|añadir a la lista de deseos|купить в один клик"
        "|أضف إلى السلة"
    ),
    "share line": (
        "share this|share this article|share this post|share this page|share this story|share this entry"
        "|share this recipe|share on facebook|share on twitter|share on x|share on linkedin|share on whatsapp"
        "|share on pinterest|share on reddit|share on telegram|share on tumblr|share the post|share article"
        "|share to facebook|share to twitter|share on social media|tweet this|tweet this post|pin it|pin this"
        "|email this page|email this article|email to a friend|email a link to a friend|forward to a friend"
        "|forward to friend|blogthis!|share to pinterest|opens in new window|click to share on facebook"
        "|click to share on twitter|click to share on x|click to share on linkedin|click to share on reddit"
        "|click to share on whatsapp|click to share on pinterest|click to share on telegram|click to share on tumblr"
        "|click to share on pocket|click to email this to a friend|click to email a link to a friend|click to print"
        "|like us on facebook|follow us on facebook|follow us on twitter|follow us on instagram|follow us on x"
        "|follow us on linkedin|follow us on social media|find us on facebook|поделиться в соцсетях"
        "|поделиться ссылкой|поделиться в facebook|поделиться в вконтакте|поделиться в twitter|поделиться в телеграм"
        "|мы в соцсетях|artikel teilen|beitrag teilen|seite teilen|auf facebook teilen|auf twitter teilen"
        "|per e-mail teilen|per whatsapp teilen|diesen artikel teilen|diesen beitrag teilen|teilen mit|folgen sie uns"
        "|partager cet article|partager l'article|partager sur facebook|partager sur twitter|partager sur linkedin"
        "|partager sur whatsapp|partager par e-mail|partager cette page|suivez-nous|compartir en facebook"
        "|compartir en twitter|compartir en whatsapp|compartir en linkedin|compartir por correo"
        "|compartir este artículo|compartir esta página|comparte este artículo|síguenos|síganos|شارك المقال"
        "|مشاركة المقال|شارك على فيسبوك|شارك على تويتر|شارك هذا المقال|مشاركة على فيسبوك|تابعنا على فيسبوك"
        "|поделиться в социальных сетях|поделиться новостью|поделиться статьей|поделиться статьёй"
        "|share on social networks|share with your friends|share this with|partager sur les réseaux sociaux"
        "|in sozialen netzwerken teilen|compartir en redes sociales"
    ),
    "related articles": (
        "related posts|related articles|related stories|related news|related topics|related content|you may also like"
        "|you might also like|you may also be interested in|you might also be interested in|you may like"
        "|recommended stories|recommended articles|recommended reading for you|more from this author"
        "|more from the author|more on this story|more on this topic|more news|more articles|most read|most viewed"
        "|most commented|most emailed|trending stories|popular posts|recent posts|recent articles|latest posts"
        "|latest articles|view all posts|see also on this site|in case you missed it|from around the web"
        "|sponsored stories|promoted stories|view all posts by|more posts|search for related"
        "|best sellers in this category|читайте также|читать также|читайте еще|читайте ещё|смотрите также"
        "|похожие статьи|похожие новости|похожие материалы|материалы по теме|самое читаемое|самое популярное"
        "|еще по теме|ещё по теме|das könnte sie auch interessieren|das könnte dich auch interessieren"
        "|das könnte ihnen auch gefallen|ähnliche artikel|ähnliche beiträge|verwandte artikel|verwandte themen"
        "|mehr zum thema|weitere beiträge|neueste beiträge|meistgelesen|meistgelesene artikel|lesen sie auch"
        "|articles similaires|articles liés|articles connexes|articles récents|à lire aussi|lire aussi"
        "|sur le même sujet|vous aimerez aussi|cela pourrait vous intéresser|les plus lus|les plus populaires"
        "|voir aussi sur ce site|dans la même rubrique|artículos relacionados|noticias relacionadas"
        "|entradas relacionadas|contenido relacionado|te puede interesar|también te puede interesar"
        "|también te puede gustar|le puede interesar|lo más leído|lo más visto|más leídas|lee también"
        "|entradas recientes|اقرأ أيضا|اقرأ أيضاً|مواضيع ذات صلة|مقالات ذات صلة|أخبار ذات صلة|مواضيع متعلقة"
        "|الأكثر قراءة|قد يعجبك أيضا|قد يعجبك أيضاً|you may also enjoy|you might enjoy|more in this section"
        "|more in this category|more from this section|more from us|more on this subject|also on this site"
        "|also in this section|other articles|related tags|similar posts|similar articles|similar stories"
        "|customers who bought this also bought|customers also bought|people also read|readers also liked"
        "|readers also read|what others are reading|featured posts|еще новости|ещё новости|больше новостей"
        "|все новости раздела|лента новостей|самое обсуждаемое|выбор редакции|вам может быть интересно"
        "|вам может понравиться|вас может заинтересовать|также по теме|dans la même catégorie|sur le même thème"
        "|à lire également|lire également|à découvrir aussi|plus d'articles|nos derniers articles|auch interessant"
        "|mehr aus dem ressort|mehr aus dieser kategorie|mehr von diesem autor|das könnte ihnen gefallen"
        "|diese artikel könnten sie interessieren|más artículos|te recomendamos|puede interesarle|quizás te interese"
        "|también le puede interesar|notas relacionadas|مقالات مشابهة|مواضيع مشابهة|شاهد أيضا|شاهد أيضاً|أخبار متعلقة"
    ),
    "read more link": (
        "read more|continue reading|read full article|read the full article|read the full story|читать далее"
        "|lire la suite|seguir leyendo|اقرأ المزيد"
    ),
    "comment form": (
        "leave a reply|leave a comment below|leave your comment|leave a response|post a reply|post reply|cancel reply"
        "|no comments yet|be the first to comment|your email address will not be published|required fields are marked"
        "|log in to comment|log in to reply|sign in to comment|you must be logged in to post a comment"
        "|you must be logged in to comment|please log in to comment|login to comment"
        "|save my name, email, and website in this browser for the next time i comment"
        "|notify me of new posts by email|notify me of follow-up comments by email|notify me of new comments"
        "|this site uses akismet to reduce spam|learn how your comment data is processed|flag as inappropriate"
        "|quote this post|reply with quote|show comments|view comments|view all comments|hide comments"
        "|did you make this recipe|оставить комментарий|написать комментарий|ваш e-mail не будет опубликован"
        "|ваш адрес email не будет опубликован|обязательные поля помечены|чтобы оставить комментарий"
        "|комментариев пока нет|отменить ответ|комментариев нет|kommentar schreiben|kommentar hinterlassen"
        "|schreibe einen kommentar|kommentar abschicken|antwort abbrechen"
        "|deine e-mail-adresse wird nicht veröffentlicht|erforderliche felder sind mit|laisser un commentaire"
        "|laissez un commentaire|ajouter un commentaire|poster un commentaire|publier un commentaire"
        "|écrire un commentaire|annuler la réponse|votre adresse e-mail ne sera pas publiée"
        "|les champs obligatoires sont indiqués avec|aucun commentaire|deja un comentario|dejar un comentario"
        "|deja una respuesta|dejar una respuesta|añadir un comentario|publicar un comentario|cancelar respuesta"
        "|tu dirección de correo electrónico no será publicada|los campos obligatorios están marcados con|اترك تعليقا"
        "|اترك تعليقاً|أضف تعليق|أضف تعليقا|اترك رد|إضافة تعليق|submit a letter to the editor|submit a letter"
        "|write a letter to the editor|be the first to review|ask a question about this product|sign in to reply"
        "|register to reply|sort by newest|sort by oldest|sort by best|load more comments|show more comments"
        "|add your comment|add your voice|join discussion|start the discussion|reply to this topic|reply to this post"
        "|search this forum|jump to forum|view first unread|previous topic|next topic|previous thread|next thread"
        "|view unread posts|view active topics|load comments|show all comments|leave this field empty"
        "|комментарии отсутствуют|войдите, чтобы оставить комментарий|чтобы комментировать, войдите|leave a comment"
    ),
    "byline": "all posts by this author|originally published at",
    "subscription line": (
        "unsubscribe here|unsubscribe from this list|update your preferences|update subscription preferences"
        "|view this email in your browser|view in your browser|view web version|subscribe to our newsletter"
        "|sign up for our newsletter|subscribe to our mailing list|join our mailing list|join our newsletter"
        "|get our newsletter|newsletter sign up|newsletter signup|sign up for our free newsletter"
        "|отписаться от рассылки|подписаться на рассылку|подписаться на новости|подпишитесь на нашу рассылку"
        "|подпишитесь на наш telegram-канал|подписывайтесь на наш telegram-канал|открыть в браузере"
        "|newsletter abbestellen|newsletter abmelden|im browser ansehen|im browser anzeigen|jetzt abonnieren"
        "|zum newsletter anmelden|s'abonner à la newsletter|s'inscrire à la newsletter"
        "|inscrivez-vous à notre newsletter|abonnez-vous à notre newsletter|voir dans le navigateur"
        "|cancelar suscripción|suscríbete a nuestro boletín|suscríbete a nuestra newsletter|suscribirse al boletín"
        "|ver en el navegador|إلغاء الاشتراك|اشترك في النشرة البريدية|sign up here|sign up for our free newsletters"
        "|sign up to our newsletter|sign up for the newsletter|sign up for newsletter|sign up for updates"
        "|sign up for email updates|subscribe to the newsletter|subscribe for updates|get updates by email"
        "|newsletter im browser ansehen|newsletter im browser anzeigen|newsletter anmelden"
        "|folgen sie uns auf facebook|folgen sie uns auf twitter|folgen sie uns auf instagram|folge uns auf facebook"
        "|folge uns auf instagram|besuchen sie uns auf facebook|suivez-nous sur facebook|suivez-nous sur twitter"
        "|suivez-nous sur instagram|síguenos en facebook|síguenos en twitter|síguenos en instagram"
        "|подписывайтесь на нас|подпишитесь на нас|мы вконтакте|мы в вконтакте|мы в телеграм|мы в telegram"
        "|наш telegram-канал|читайте нас в telegram|читайте нас в яндекс.новостях|читайте нас в дзен"
        "|подписаться на канал|be the first to know|понравилась статья?|понравилась статья? поделись с друзьями"
        "|нашли ошибку?|сообщить об ошибке|never miss a story|never miss a post|don't miss a thing"
    ),
    "copyright line": (
        "all rights reserved|some rights reserved|no part of this site may be reproduced|reproduction prohibited"
        "|unauthorized reproduction prohibited|powered by wordpress|proudly powered by wordpress"
        "|all trademarks are the property of their respective owners|все права защищены|права защищены"
        "|использование материалов|при использовании материалов ссылка на сайт обязательна|ссылка на сайт обязательна"
        "|перепечатка запрещена|копирование материалов запрещено|при перепечатке ссылка обязательна"
        "|при цитировании ссылка обязательна|alle rechte vorbehalten|nachdruck verboten|tous droits réservés"
        "|reproduction interdite|todos los derechos reservados|derechos reservados|prohibida su reproducción"
        "|prohibida la reproducción total o parcial|جميع الحقوق محفوظة|كل الحقوق محفوظة|الحقوق محفوظة"
    ),
    "cookie notice": (
        "accept all cookies|reject all cookies|allow all cookies|we use cookies|this site uses cookies"
        "|this website uses cookies|delete all board cookies|necessary cookies only|customise cookies"
        "|customize cookies|принять все cookie|мы используем cookie|мы используем файлы cookie|мы используем cookies"
        "|этот сайт использует cookie|alle cookies akzeptieren|diese website verwendet cookies"
        "|diese seite verwendet cookies|wir verwenden cookies|ce site utilise des cookies|nous utilisons des cookies"
        "|aceptar todas las cookies|este sitio utiliza cookies|este sitio web utiliza cookies|este sitio usa cookies"
        "|utilizamos cookies|usamos cookies"
    ),
    "browser notice": (
        "please enable javascript|enable javascript to view this page"
        "|please enable javascript to view the comments powered by disqus|your browser does not support the video tag"
        "|your browser does not support the audio element|your browser does not support html5 video"
        "|your browser is out of date|please upgrade your browser|please update your browser"
        "|best viewed in internet explorer|checking your browser before accessing"
    ),
    "error page": (
        "the page you requested could not be found|the page you are looking for could not be found"
        "|the requested page could not be found|the requested url was not found on this server"
        "|the page you are looking for does not exist|this page does not exist|this page doesn't exist"
        "|the page you're looking for doesn't exist|oops! that page can't be found"
        "|sorry, the page you are looking for could not be found|sorry, this page isn't available"
        "|sorry, page not found|that page doesn't exist|we can't find the page you're looking for"
        "|it looks like nothing was found at this location|запрашиваемая страница не найдена|страница не существует"
        "|die seite wurde nicht gefunden|die angeforderte seite wurde nicht gefunden|la page demandée est introuvable"
        "|la página que busca no existe|الصفحة غير موجودة"
    ),
    "advertisement": (
        "sponsored links|article continues below advertisement|story continues below advertisement"
        "|continue reading below|ad feedback|на правах рекламы|advertisement|advertisements"
        "|article continues after advertisement|story continues after advertisement|skip advertisement|skip ad"
        "|report this ad|report ad|remove ads|why this ad?|pubblicità"
    ),
    "disclaimer": (
        "this article needs additional citations for verification|this article is a stub|you can help by expanding it"
        "|text is available under the creative commons attribution-sharealike license|additional terms may apply"
        "|content is available under|this post may contain affiliate links"
        "|as an amazon associate i earn from qualifying purchases"
    ),
    "next or previous article": (
        "read next|next post|previous post|next article|previous article|next story|previous story|older posts"
        "|newer posts|older post|newer post|post navigation|предыдущая статья|следующая статья|предыдущая запись"
        "|следующая запись|vorheriger beitrag|nächster beitrag|vorheriger artikel|nächster artikel|beitragsnavigation"
        "|entrada anterior|entrada siguiente|siguiente entrada|artículo anterior|artículo siguiente|المقال السابق"
        "|المقال التالي|what to read next|previous page|next page|older entries|newer entries|article précédent"
        "|article suivant|page précédente|page suivante|nächste seite|vorherige seite|página anterior"
        "|página siguiente|предыдущая страница|следующая страница|предыдущая новость|следующая новость"
    ),
}
"""Furniture when a unit says nothing else."""

TAIL = {
    "share line": (
        "email this|send to a friend|email a friend|share with friends|share via email|share by email|поделиться"
        "|поделиться с друзьями|рассказать друзьям|отправить другу|envoyer à un ami|enviar a un amigo"
    ),
    "related articles": (
        "последние новости|главные новости|últimas noticias|most popular|recommended for you|popular articles"
        "|recent comments|most shared|editor's picks|editors' picks|don't miss|related links|trending now|latest news"
        "|top stories|customer reviews|recently viewed|best sellers|new arrivals|featured products|other stories"
        "|other news|more stories|further stories|featured stories|featured articles|recommended reading"
        "|more to explore|similar products|related products|related items|related questions|similar topics"
        "|latest stories|around the web|новости по теме|другие новости|другие материалы|más noticias|otras noticias"
        "|derniers articles|weitere artikel"
    ),
    "comment form": (
        "comments are closed|comments closed|kommentare sind geschlossen|add a comment|add comment|post a comment"
        "|write a comment|post comment|write a review|report abuse|report this post|start new topic|search this topic"
        "|mark all as read|topic locked|join the conversation|join the discussion|комментировать|добавить комментарий"
        "|ваше имя|ваш комментарий|ваш email|sin comentarios|написать отзыв|добавить отзыв"
    ),
    "subscription line": (
        "unsubscribe|manage your preferences|manage preferences|manage subscription|manage your subscription"
        "|email preferences|view online|subscribe now|subscribe today|subscribe to rss|rss feed|download our app"
        "|download the app|get the app|open in app|already a subscriber|already a member|already have an account"
        "|forgot password|forgot your password|forgot your password?|create an account|create account"
        "|create free account|sign up for free|don't have an account|log in to your account|sign in to your account"
        "|отписаться|забыли пароль|newsletter abonnieren|passwort vergessen|se désabonner|se désinscrire"
        "|mot de passe oublié|darse de baja|olvidé mi contraseña|نسيت كلمة المرور|olvidaste tu contraseña"
        "|enter your email|enter your email address|your email address|view in browser|get email updates"
        "|subscribe by email|subscribe via email|zum newsletter"
    ),
    "cookie notice": (
        "сайт использует cookie|accept cookies|reject cookies|cookies akzeptieren|accepter les cookies"
        "|aceptar cookies|rechazar cookies"
    ),
    "page tools": (
        "add to cart|add to basket|add to bag|add to wishlist|add to wish list|add to compare|buy now|view cart"
        "|continue shopping|proceed to checkout|close window|copy link|copy url|in den warenkorb|auf die wunschliste"
        "|zur kasse|ajouter au panier|añadir al carrito|agregar al carrito|добавить в корзину|в корзину"
    ),
    "menu": "advertise with us",
    "browser notice": "javascript is disabled|javascript is required|javascript is not enabled",
    "advertisement": "sponsored content",
}
"""Furniture when it follows the last sentence of the article."""
