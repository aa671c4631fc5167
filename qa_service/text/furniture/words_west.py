"""What page furniture says in English, Russian, German, French, Spanish and Arabic; in the form of `words_east`."""

from __future__ import annotations

ALONE = {
    "menu": (
        "skip to content|skip to main content|skip to navigation|skip navigation|skip to search|jump to content"
        "|jump to navigation|jump to search|do not sell my personal information|do not sell my info"
        "|do not sell or share my personal information|advertise with us|back to home|back to homepage"
        "|go back to the homepage|return to homepage|return to home page|go to homepage|go home|view mobile version"
        "|toggle navigation|toggle menu|your privacy choices|ad choices|adchoices|who is online"
        "|from wikipedia, the free encyclopedia|about wikipedia|jump to:|перейти к содержанию|перейти к содержимому"
        "|перейти к основному содержанию|на главную|вернуться на главную|политика обработки персональных данных"
        "|zum inhalt springen|zum hauptinhalt springen|zum seiteninhalt|direkt zum inhalt|zur navigation springen"
        "|zur startseite|zurück zur startseite|aller au contenu|aller au contenu principal|passer au contenu"
        "|passer au contenu principal|gérer les cookies|retour à l'accueil|retour à la page d'accueil"
        "|saltar al contenido|ir al contenido|ir al contenido principal|saltar al contenido principal"
        "|volver al inicio|العودة إلى الصفحة الرئيسية|انتقل إلى المحتوى|تخطى إلى المحتوى"
    ),
    "page tools": (
        "print this page|print this article|print page|printer-friendly version|printer friendly version"
        "|print-friendly version|back to top|go to top|return to top|scroll to top|top of page|copy link"
        "|copy link to clipboard|copy url|cite this page|close window|jump to recipe|print recipe|pin recipe"
        "|click to enlarge|view larger image|enlarge image|view gallery|save article|версия для печати|распечатать"
        "|вверх страницы|к началу страницы|скачать pdf|seite drucken|artikel drucken|nach oben|zum seitenanfang"
        "|link kopieren|imprimer cette page|imprimer l'article|haut de page|retour en haut|copier le lien"
        "|imprimir esta página|volver arriba|copiar enlace|طباعة الصفحة|العودة إلى الأعلى|نسخ الرابط|add to cart"
        "|add to basket|add to bag|add to wishlist|add to wish list|add to compare|buy now|proceed to checkout"
        "|view cart|continue shopping|in den warenkorb|auf die wunschliste|zur kasse|ajouter au panier"
        "|ajouter à la liste de souhaits|añadir al carrito|añadir a la lista de deseos|agregar al carrito"
        "|добавить в корзину|в корзину|купить в один клик|أضف إلى السلة"
    ),
    "share line": (
        "share this|share this article|share this post|share this page|share this story|share this entry"
        "|share this recipe|share via email|share by email|share on facebook|share on twitter|share on x"
        "|share on linkedin|share on whatsapp|share on pinterest|share on reddit|share on telegram|share on tumblr"
        "|share with friends|share the post|share article|share to facebook|share to twitter|share on social media"
        "|tweet this|tweet this post|pin it|pin this|email this page|email this article|email a friend"
        "|email to a friend|email a link to a friend|send to a friend|forward to a friend|forward to friend|blogthis!"
        "|share to pinterest|opens in new window|click to share on facebook|click to share on twitter"
        "|click to share on x|click to share on linkedin|click to share on reddit|click to share on whatsapp"
        "|click to share on pinterest|click to share on telegram|click to share on tumblr|click to share on pocket"
        "|click to email this to a friend|click to email a link to a friend|click to print|like us on facebook"
        "|follow us on facebook|follow us on twitter|follow us on instagram|follow us on x|follow us on linkedin"
        "|follow us on social media|find us on facebook|поделиться|поделиться в соцсетях|поделиться ссылкой"
        "|поделиться в facebook|поделиться в вконтакте|поделиться в twitter|поделиться в телеграм|рассказать друзьям"
        "|отправить другу|мы в соцсетях|artikel teilen|beitrag teilen|seite teilen|auf facebook teilen"
        "|auf twitter teilen|per e-mail teilen|per whatsapp teilen|diesen artikel teilen|diesen beitrag teilen"
        "|teilen mit|folgen sie uns|partager cet article|partager l'article|partager sur facebook"
        "|partager sur twitter|partager sur linkedin|partager sur whatsapp|partager par e-mail|partager cette page"
        "|envoyer à un ami|suivez-nous|compartir en facebook|compartir en twitter|compartir en whatsapp"
        "|compartir en linkedin|compartir por correo|compartir este artículo|compartir esta página"
        "|comparte este artículo|enviar a un amigo|síguenos|síganos|شارك المقال|مشاركة المقال|شارك على فيسبوك"
        "|شارك على تويتر|شارك هذا المقال|مشاركة على فيسبوك|تابعنا على فيسبوك"
    ),
    "related articles": (
        "related posts|related articles|related stories|related news|related topics|related content|you may also like"
        "|you might also like|you may also be interested in|you might also be interested in|you may like"
        "|recommended stories|recommended articles|recommended reading for you|more from this author"
        "|more from the author|more on this story|more on this topic|more stories|more news|more articles|most read"
        "|most viewed|most commented|most emailed|trending stories|popular posts|recent posts|recent articles"
        "|latest posts|latest articles|read next|next post|previous post|next article|previous article|next story"
        "|previous story|older posts|newer posts|older post|newer post|post navigation|view all posts"
        "|see also on this site|in case you missed it|around the web|from around the web|sponsored stories"
        "|promoted stories|view all posts by|more posts|search for related|best sellers in this category"
        "|читайте также|читать также|читайте еще|читайте ещё|смотрите также|похожие статьи|похожие новости"
        "|похожие материалы|материалы по теме|новости по теме|другие новости|самое читаемое|предыдущая статья"
        "|следующая статья|предыдущая запись|следующая запись|самое популярное|еще по теме|ещё по теме"
        "|das könnte sie auch interessieren|das könnte dich auch interessieren|das könnte ihnen auch gefallen"
        "|ähnliche artikel|ähnliche beiträge|verwandte artikel|verwandte themen|mehr zum thema|weitere artikel"
        "|weitere beiträge|neueste beiträge|meistgelesen|meistgelesene artikel|vorheriger beitrag|nächster beitrag"
        "|vorheriger artikel|nächster artikel|beitragsnavigation|lesen sie auch|articles similaires|articles liés"
        "|articles connexes|articles récents|à lire aussi|lire aussi|sur le même sujet|vous aimerez aussi"
        "|cela pourrait vous intéresser|les plus lus|les plus populaires|voir aussi sur ce site|dans la même rubrique"
        "|artículos relacionados|noticias relacionadas|entradas relacionadas|contenido relacionado|te puede interesar"
        "|también te puede interesar|también te puede gustar|le puede interesar|lo más leído|lo más visto|más leídas"
        "|lee también|entrada anterior|entrada siguiente|siguiente entrada|artículo anterior|artículo siguiente"
        "|entradas recientes|اقرأ أيضا|اقرأ أيضاً|مواضيع ذات صلة|مقالات ذات صلة|أخبار ذات صلة|مواضيع متعلقة"
        "|الأكثر قراءة|المقال السابق|المقال التالي|قد يعجبك أيضا|قد يعجبك أيضاً|you may also enjoy|you might enjoy"
        "|more in this section|more in this category|more from this section|more from us|more on this subject"
        "|more to explore|keep reading|next up|also on this site|also in this section|other stories|other news"
        "|other articles|related products|related items|related questions|related tags|similar posts|similar articles"
        "|similar stories|similar products|similar topics|customers who bought this also bought|customers also bought"
        "|people also read|readers also liked|readers also read|what to read next|what others are reading"
        "|recommended reading|further stories|featured posts|featured articles|featured stories|latest stories"
        "|previous page|next page|older entries|newer entries|« older posts|newer posts »|article précédent"
        "|article suivant|page précédente|page suivante|nächste seite|vorherige seite|página anterior"
        "|página siguiente|предыдущая страница|следующая страница|предыдущая новость|следующая новость|еще новости"
        "|ещё новости|другие материалы|больше новостей|все новости раздела|лента новостей|самое обсуждаемое"
        "|выбор редакции|вам может быть интересно|вам может понравиться|вас может заинтересовать|также по теме"
        "|dans la même catégorie|sur le même thème|à lire également|lire également|à découvrir aussi|plus d'articles"
        "|nos derniers articles|derniers articles|auch interessant|mehr aus dem ressort|mehr aus dieser kategorie"
        "|mehr von diesem autor|das könnte ihnen gefallen|diese artikel könnten sie interessieren|más noticias"
        "|más artículos|otras noticias|te recomendamos|recomendados|puede interesarle|quizás te interese"
        "|también le puede interesar|notas relacionadas|مقالات مشابهة|مواضيع مشابهة|شاهد أيضا|شاهد أيضاً|أخبار متعلقة"
    ),
    "read more link": (
        "read more|read more »|continue reading|read full article|read the full article|read the full story"
        "|читать далее|lire la suite|seguir leyendo|اقرأ المزيد"
    ),
    "comment form": (
        "leave a comment|leave a reply|leave a comment below|leave your comment|leave a response|post a comment"
        "|add a comment|write a comment|add comment|post comment|post a reply|post reply|cancel reply|no comments yet"
        "|be the first to comment|join the conversation|join the discussion|your email address will not be published"
        "|required fields are marked|log in to comment|log in to reply|sign in to comment"
        "|you must be logged in to post a comment|you must be logged in to comment|please log in to comment"
        "|login to comment|save my name, email, and website in this browser for the next time i comment"
        "|notify me of new posts by email|notify me of follow-up comments by email|notify me of new comments"
        "|this site uses akismet to reduce spam|learn how your comment data is processed|report this post"
        "|report abuse|flag as inappropriate|quote this post|reply with quote|show comments|view comments"
        "|view all comments|hide comments|did you make this recipe|оставить комментарий|добавить комментарий"
        "|написать комментарий|комментировать|ваш e-mail не будет опубликован|ваш адрес email не будет опубликован"
        "|обязательные поля помечены|чтобы оставить комментарий|комментариев пока нет|отменить ответ|комментариев нет"
        "|kommentar schreiben|kommentar hinterlassen|schreibe einen kommentar|kommentar abschicken|antwort abbrechen"
        "|deine e-mail-adresse wird nicht veröffentlicht|erforderliche felder sind mit|laisser un commentaire"
        "|laissez un commentaire|ajouter un commentaire|poster un commentaire|publier un commentaire"
        "|écrire un commentaire|annuler la réponse|votre adresse e-mail ne sera pas publiée"
        "|les champs obligatoires sont indiqués avec|aucun commentaire|deja un comentario|dejar un comentario"
        "|deja una respuesta|dejar una respuesta|añadir un comentario|publicar un comentario|cancelar respuesta"
        "|tu dirección de correo electrónico no será publicada|los campos obligatorios están marcados con"
        "|sin comentarios|اترك تعليقا|اترك تعليقاً|أضف تعليق|أضف تعليقا|اترك رد|إضافة تعليق"
        "|submit a letter to the editor|submit a letter|write a letter to the editor|write a review"
        "|be the first to review|ask a question about this product|sign in to reply|register to reply|sort by newest"
        "|sort by oldest|sort by best|load more comments|show more comments|show all comments|add your comment"
        "|add your voice|have your say|what do you think?|join discussion|start the discussion|reply to this topic"
        "|reply to this post|start new topic|search this forum|search this topic|jump to forum|mark all as read"
        "|view first unread|previous topic|next topic|previous thread|next thread|view unread posts"
        "|view active topics|topic locked"
    ),
    "byline": "all posts by this author|originally published at",
    "subscription line": (
        "unsubscribe here|unsubscribe from this list|update your preferences|update subscription preferences"
        "|view this email in your browser|view in browser|view in your browser|view web version"
        "|subscribe to our newsletter|sign up for our newsletter|subscribe to our mailing list|join our mailing list"
        "|join our newsletter|get our newsletter|subscribe via email|subscribe by email|newsletter sign up"
        "|newsletter signup|sign up for our free newsletter|отписаться от рассылки|подписаться на рассылку"
        "|подписаться на новости|подпишитесь на нашу рассылку|подпишитесь на наш telegram-канал"
        "|подписывайтесь на наш telegram-канал|открыть в браузере|newsletter abbestellen|newsletter abmelden"
        "|im browser ansehen|im browser anzeigen|jetzt abonnieren|zum newsletter anmelden|s'abonner à la newsletter"
        "|s'inscrire à la newsletter|inscrivez-vous à notre newsletter|abonnez-vous à notre newsletter"
        "|voir dans le navigateur|cancelar suscripción|suscríbete a nuestro boletín|suscríbete a nuestra newsletter"
        "|suscribirse al boletín|ver en el navegador|إلغاء الاشتراك|اشترك في النشرة البريدية|sign up here"
        "|sign up for our free newsletters|sign up to our newsletter|sign up for the newsletter"
        "|sign up for newsletter|sign up for updates|sign up for email updates|subscribe to the newsletter"
        "|subscribe for updates|get updates by email|get email updates|enter your email|enter your email address"
        "|your email address|newsletter im browser ansehen|newsletter im browser anzeigen|zum newsletter"
        "|newsletter anmelden|folgen sie uns auf facebook|folgen sie uns auf twitter|folgen sie uns auf instagram"
        "|folge uns auf facebook|folge uns auf instagram|besuchen sie uns auf facebook|suivez-nous sur facebook"
        "|suivez-nous sur twitter|suivez-nous sur instagram|síguenos en facebook|síguenos en twitter"
        "|síguenos en instagram|подписывайтесь на нас|подпишитесь на нас|мы вконтакте|мы в вконтакте|мы в телеграм"
        "|мы в telegram|наш telegram-канал|читайте нас в telegram|читайте нас в яндекс.новостях|читайте нас в дзен"
        "|подписаться на канал"
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
        "accept all cookies|accept cookies|reject all cookies|reject cookies|allow all cookies|we use cookies"
        "|this site uses cookies|this website uses cookies|delete all board cookies|necessary cookies only"
        "|customise cookies|customize cookies|принять все cookie|мы используем cookie|мы используем файлы cookie"
        "|мы используем cookies|этот сайт использует cookie|alle cookies akzeptieren|diese website verwendet cookies"
        "|diese seite verwendet cookies|wir verwenden cookies|cookies akzeptieren|accepter les cookies"
        "|ce site utilise des cookies|nous utilisons des cookies|aceptar todas las cookies|aceptar cookies"
        "|rechazar cookies|este sitio utiliza cookies|este sitio web utiliza cookies|este sitio usa cookies"
        "|utilizamos cookies|usamos cookies"
    ),
    "browser notice": (
        "please enable javascript|javascript is disabled|javascript is required|javascript is not enabled"
        "|enable javascript to view this page|please enable javascript to view the comments powered by disqus"
        "|your browser does not support the video tag|your browser does not support the audio element"
        "|your browser does not support html5 video|your browser is out of date|please upgrade your browser"
        "|please update your browser|best viewed in internet explorer|checking your browser before accessing"
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
        "sponsored content|sponsored links|article continues below advertisement|story continues below advertisement"
        "|continue reading below|ad feedback|на правах рекламы|advertisement|advertisements"
        "|article continues after advertisement|story continues after advertisement|skip advertisement|skip ad"
        "|report this ad|report ad|remove ads|why this ad?|- advertisement -|pubblicità"
    ),
    "disclaimer": (
        "this article needs additional citations for verification|this article is a stub|you can help by expanding it"
        "|text is available under the creative commons attribution-sharealike license|additional terms may apply"
        "|content is available under|this post may contain affiliate links"
        "|as an amazon associate i earn from qualifying purchases"
    ),
}
"""Furniture when a unit says nothing else."""

TAIL = {
    "share line": "email this",
    "related articles": (
        "последние новости|главные новости|últimas noticias|most popular|recommended for you|popular articles"
        "|recent comments|most shared|editor's picks|editors' picks|don't miss|related links|trending now|latest news"
        "|top stories|customer reviews|recently viewed|best sellers|new arrivals|featured products"
    ),
    "comment form": "comments are closed|comments closed|kommentare sind geschlossen",
    "subscription line": (
        "unsubscribe|manage your preferences|manage preferences|manage subscription|manage your subscription"
        "|email preferences|view online|subscribe now|subscribe today|subscribe to rss|rss feed|download our app"
        "|download the app|get the app|open in app|already a subscriber|already a member|already have an account"
        "|forgot password|forgot your password|forgot your password?|create an account|create account"
        "|create free account|sign up for free|don't have an account|log in to your account|sign in to your account"
        "|отписаться|забыли пароль|newsletter abonnieren|passwort vergessen|se désabonner|se désinscrire"
        "|mot de passe oublié|darse de baja|¿olvidaste tu contraseña|olvidé mi contraseña|نسيت كلمة المرور"
    ),
    "cookie notice": "сайт использует cookie",
}
"""Furniture when it follows the last sentence of the article."""

COMPANY = {
    "menu": (
        "homepage|about|about us|contact|contact us|menu|log in|logout|log out|sign in|sign up|sign out|register"
        "|subscribe|blog|faq|faqs|help center|careers|advertise|terms of use|terms of service|terms & conditions"
        "|terms and conditions|privacy policy|privacy notice|privacy & cookies|legal notice|imprint|my account"
        "|account|cart|forum|forums|donate|our team|prev|newsletters|rss|mobile|main page|view history|special pages"
        "|members|new posts|mark forums read|your account|help & contact|customer service|returns|follow us|ask"
        "|главная|о нас|о проекте|о сайте|о компании|контакты|реклама|вход|войти|регистрация|поиск|меню"
        "|обратная связь|подписка|форум|startseite|über uns|kontakt|impressum|datenschutz|agb|anmelden|registrieren"
        "|suche|suchen|menü|hilfe|barrierefreiheit|accueil|qui sommes-nous|à propos|contactez-nous|nous contacter"
        "|se connecter|connexion|s'inscrire|inscription|recherche|rechercher|aide|inicio|quiénes somos|sobre nosotros"
        "|acerca de|contacto|iniciar sesión|registrarse|regístrate|buscar|búsqueda|menú|ayuda|الرئيسية"
        "|الصفحة الرئيسية|من نحن|اتصل بنا|تواصل معنا|تسجيل الدخول|تسجيل|بحث|القائمة|أعلن معنا|عن الموقع|site map"
        "|sitemap|cookie policy|cookie settings|cookie preferences|manage cookies|accessibility help"
        "|accessibility statement|mobile version|desktop version|mobile view|open menu|close menu|main menu"
        "|site index|quick links|useful links|board index|all categories|политика конфиденциальности"
        "|пользовательское соглашение|полная версия сайта|мобильная версия|размещение рекламы|datenschutzerklärung"
        "|cookie-einstellungen|allgemeine geschäftsbedingungen|plan du site|mentions légales"
        "|politique de confidentialité|gestion des cookies|conditions générales d'utilisation"
        "|conditions générales de vente|données personnelles|mapa del sitio|mapa web|aviso legal"
        "|política de privacidad|política de cookies|condiciones de uso|términos y condiciones|خريطة الموقع"
        "|سياسة الخصوصية|شروط الاستخدام|الشروط والأحكام|سياسة الاستخدام|contents|toc|disclaimers|cookie statement"
        "|developers|site notice|masthead|meet the team|who we are|where we are|find us|visit us|get in touch"
        "|work with us|join us|support us|become a member|media kit|press room|press releases|news & events"
        "|news and events|upcoming events|pricing|terms of sale|returns policy|shipping|shipping & returns"
        "|delivery & returns|track your order|order tracking|gift cards|gift vouchers|store locator|my basket"
        "|checkout|my orders|log in/register|login/register|sign in/register|sign in / register|log in / register"
        "|login / register|my profile|dashboard|remember|random page|random article|recent changes|current events"
        "|community portal|what links here|page information|printable version|permanent link|download as pdf"
        "|edit source|view source|user page|upload file|in other languages|change language|select language|currency"
        "|opens in a new tab|modern slavery statement|do not sell|corporate information|investor relations|affiliates"
        "|affiliate program|new in|clearance|all posts|all articles|all news|all topics|tag cloud|tags|entries rss"
        "|comments rss|entries feed|comments feed|wordpress.org|blogroll|guestbook|©|главное меню|корзина"
        "|доставка и оплата|личный кабинет|мой кабинет|зарегистрироваться|забыли пароль?|наша команда|партнеры"
        "|партнёры|партнерам|рекламодателям|рекламодателю|пресс-центр|карта сайта|условия использования"
        "|политика cookie|правила сайта|правила использования|написать нам|связаться с нами|задать вопрос"
        "|напишите нам|вопросы и ответы|rss-лента|все рубрики|рубрики|разделы|теги|метки|архив новостей|фотогалерея"
        "|warenkorb|mein konto|merkliste|versandkosten|zahlungsarten|widerrufsrecht|über diese seite|unser team"
        "|referenzen|stellenangebote|jobs & karriere|mediadaten|werben|abo|e-paper|newsletter|mein profil|abmelden"
        "|login|passwort|benutzername|nutzungsbedingungen|barrierefreiheitserklärung|cookie-richtlinie|schlagwörter"
        "|panier|mon panier|mon compte|mot de passe|identifiant|notre équipe|notre histoire|nos services|nos produits"
        "|partenaires|espace presse|recrutement|offres d'emploi|cgu|cgv|étiquettes|catégories|gérer mes cookies"
        "|accessibilité|accessibilité : non conforme|carrito|mi cuenta|contraseña|nuestro equipo|nuestra historia"
        "|trabaja con nosotros|prensa|aviso de privacidad|categorías|etiquetas|preguntas frecuentes|accesibilidad"
        "|hemeroteca|suscríbete|suscripciones|سلة التسوق|حسابي|الأسئلة الشائعة|فريق العمل|الأرشيف|home|search|top"
        "|help|back|archive|privacy|terms|basket|shop|support|products|downloads|services|wishlist"
    ),
    "page tools": (
        "print|pdf|zoom|listen|bookmark|печать|drucken|imprimer|imprimir|طباعة|download pdf|font size|text size"
        "|listen to this article|save for later|наверх|subir"
    ),
    "share line": (
        "share via|connect with us|stay connected|add to any|tweet|email|e-mail|retweet|teilen|merken|twittern"
        "|partager|tweeter|compartir|tuitear|шарить|твитнуть|отправить ссылку|скопировать ссылку|شارك|مشاركة"
        "|share tweet|share pin|share tweet email|share tweet pin|share tweet share|tweet share|share save"
        "|share share|share"
    ),
    "related articles": (
        "more|recommended|popular|latest|featured|see also|ещё|еще|далее|все новости|назад|вперед|mehr|weiter|zurück"
        "|suite|plus|más|siguiente|anterior|المزيد|التالي|السابق|more like this|trending|up next|see all posts"
        "|load more|show more|view more|see more|view all|по теме|популярное|подробнее|рекомендуем|weiterlesen"
        "|mehr lesen|leer más"
    ),
    "comment form": (
        "comments|edited|reply quote|quote reply|like reply|like comment share|комментарии|ответить|пожаловаться"
        "|цитировать|kommentare|antworten|melden|zitieren|commentaires|répondre|signaler|comentarios|responder"
        "|تعليقات|رد|new topic|upvote|downvote|give award|edit post|not helpful|was this helpful?"
        "|was this article helpful?|was this page helpful?|إرسال|reply|quote|report"
    ),
    "counter": "views|likes|shares|hits|просмотров|просмотры|like this|loading|please wait|number of views|page views",
    "cookie notice": (
        "accept|decline|reject|agree|i agree|got it|ok|allow all|learn more|cookie preferences|manage preferences"
        "|accept all|reject all|delete cookies|cookie notice|alle akzeptieren|alle ablehnen|tout accepter"
        "|tout refuser"
    ),
    "advertisement": "ad|ads|sponsored|promoted|anzeige|werbung|publicité|реклама|إعلان",
    "byline": "about the author|about author|filed under|posted in",
    "subscription line": "remember me",
    "error page": (
        "page not found|error 404|404 error|404 not found|404 page not found|http 404|not found|страница не найдена"
        "|ошибка 404|seite nicht gefunden|page introuvable|page non trouvée|página no encontrada"
    ),
}
"""Also found as headings and in lists: counts in number, or beside other furniture."""

HALF = {
    "menu": (
        "news|world|politics|business|sport|sports|tech|technology|science|health|culture|arts|travel|opinion|video"
        "|videos|photos|weather|lifestyle|entertainment|local|education|food|style|music|books|live|radio|tv|podcasts"
        "|finance|money|markets|uk|us|u.s.|europe|asia|africa|middle east|americas|australia|economy|environment"
        "|climate|magazine|fashion|film|movies|theatre|gaming|games|crosswords|puzzles|cooking|recipes|family"
        "|home & garden|real estate|property|cars|motoring|obituaries|classifieds|letters|columnists|editorials"
        "|cartoons|national|international|nation|state|crime|courts|community news|high school|football|rugby|cricket"
        "|tennis|golf|cycling|formula 1|wellness|beauty|design|architecture|photography|space|nature|animals|новости"
        "|общество|политика|экономика|спорт|культура|происшествия|наука|видео|фото|мнения|в мире|россия|мир"
        "|технологии|авто|недвижимость|здоровье|туризм|образование|город|регионы|криминал|интервью|репортаж"
        "|nachrichten|politik|wirtschaft|kultur|wissen|reise|gesellschaft|panorama|regional|lokales|gesundheit|auto"
        "|digital|meinung|leben|stil|bildung|actualités|actualité|politique|économie|société|monde|france|sciences"
        "|santé|environnement|planète|opinions|débats|loisirs|sorties|météo|région|noticias|política|economía"
        "|deportes|cultura|opinión|sociedad|internacional|nacional|españa|ciencia|salud|tecnología|educación|sucesos"
        "|gente|televisión|viajes|أخبار|رياضة|اقتصاد|سياسة|ثقافة|فن|تكنولوجيا|منوعات|صحة|فيديو|محليات|عربي|عالمي|دولي"
        "|آراء|مقالات|مجتمع|country|region|men|women|kids|history|status|security|statistics|features|plans|delivery"
        "|sale|team|staff|projects|clients|resources|publications|reports|calendar|languages|language|discussion"
        "|article|links|recent|brands|stores|outlet|tools|messages|notifications|preferences|profile|media|partners"
        "|sponsors|documentation|docs|demo|api|portfolio|testimonials|case studies|our story|our mission|our values"
        "|our people|volunteer|membership|events|gallery|directory|community|store|page|site|talk|read|feedback|press"
        "|jobs|legal|disclaimer|accessibility|meta|copyright|topics|reset|cancel|submit|username|password|livraison"
        "|paiement|leistungen|anfahrt|versand|доставка|оплата|история|темы|авторы|каталог|отзывы|envíos|pago|usuario"
        "|archivos|الوظائف|وظائف|presse|karriere|publicidad|redaktion|редакция|правила|помощь|вакансии|settings|bag"
        "|sustainability|responsibility|corporate|investors|women|webmaster|what we do|payment methods|stores|usage"
        "|kategorien|categories|archives|archiv|архив|rubriques|authors|close|next|previous|edit|english|deutsch"
        "|français|español|русский|italiano|português|polski|nederlands|العربية|中文|日本語"
    ),
    "share line": (
        "send|pin|like|mailen|forward|facebook|twitter|instagram|youtube|linkedin|pinterest|whatsapp|telegram|reddit"
        "|tumblr|google+|messenger|pocket|vk|вконтакте|телеграм|одноклассники|facebook messenger|skype|viber"
        "|flipboard|tiktok|snapchat|mastodon|bluesky|threads|xing|discord|digg|stumbleupon|delicious|blogger|sms"
        "|hacker news|livejournal|дзен|яндекс.дзен|ок|вк|فيسبوك|تويتر|واتساب|تيليجرام|انستغرام|يوتيوب"
    ),
    "comment form": (
        "thanks|helpful|hide|award|flag|delete|follow|post|embed|comment|отправить|написать|absenden|envoyer|enviar"
        "|yes no"
    ),
}
"""Names of channels and networks: they fill menus and share bars but make none."""
