"""Western words of page furniture that need company; in the form of `words_east`."""

from __future__ import annotations

COMPANY = {
    "menu": (
        "homepage|about|about us|contact|contact us|menu|log in|logout|log out|sign in|sign up|sign out|register"
        "|subscribe|blog|faq|faqs|help center|careers|advertise|terms of use|terms of service|terms & conditions"
        "|terms and conditions|privacy policy|privacy notice|privacy & cookies|legal notice|imprint|my account"
        "|account|cart|forum|forums|donate|our team|prev|rss|mobile|main page|view history|special pages|members"
        "|new posts|mark forums read|your account|help & contact|customer service|returns|follow us|ask|главная|о нас"
        "|о проекте|о сайте|о компании|контакты|реклама|поиск|меню|обратная связь|подписка|форум|startseite|über uns"
        "|kontakt|impressum|datenschutz|agb|anmelden|registrieren|suche|suchen|menü|hilfe|barrierefreiheit|accueil"
        "|qui sommes-nous|à propos|contactez-nous|nous contacter|se connecter|connexion|s'inscrire|inscription"
        "|recherche|rechercher|aide|inicio|quiénes somos|sobre nosotros|acerca de|contacto|iniciar sesión|registrarse"
        "|regístrate|buscar|búsqueda|menú|ayuda|الرئيسية|الصفحة الرئيسية|من نحن|اتصل بنا|تواصل معنا|تسجيل الدخول"
        "|تسجيل|بحث|القائمة|أعلن معنا|عن الموقع|site map|sitemap|cookie policy|cookie settings|cookie preferences"
        "|manage cookies|accessibility help|accessibility statement|mobile version|desktop version|mobile view"
        "|open menu|close menu|main menu|site index|quick links|useful links|board index|all categories"
        "|политика конфиденциальности|пользовательское соглашение|полная версия сайта|мобильная версия"
        "|размещение рекламы|datenschutzerklärung|cookie-einstellungen|allgemeine geschäftsbedingungen|plan du site"
        "|mentions légales|politique de confidentialité|gestion des cookies|conditions générales d'utilisation"
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
        "|comments rss|entries feed|comments feed|wordpress.org|blogroll|guestbook|главное меню|корзина"
        "|доставка и оплата|личный кабинет|мой кабинет|зарегистрироваться|забыли пароль?|наша команда|партнеры"
        "|партнёры|партнерам|рекламодателям|рекламодателю|пресс-центр|карта сайта|условия использования"
        "|политика cookie|правила сайта|правила использования|написать нам|связаться с нами|задать вопрос"
        "|напишите нам|вопросы и ответы|rss-лента|все рубрики|рубрики|разделы|теги|метки|архив новостей|фотогалерея"
        "|warenkorb|mein konto|merkliste|versandkosten|zahlungsarten|widerrufsrecht|über diese seite|unser team"
        "|referenzen|stellenangebote|jobs & karriere|mediadaten|werben|abo|newsletter|mein profil|abmelden|login"
        "|passwort|benutzername|nutzungsbedingungen|barrierefreiheitserklärung|cookie-richtlinie|schlagwörter|panier"
        "|mon panier|mon compte|mot de passe|identifiant|notre équipe|notre histoire|nos services|nos produits"
        "|partenaires|espace presse|recrutement|offres d'emploi|cgu|cgv|étiquettes|catégories|gérer mes cookies"
        "|accessibilité|accessibilité : non conforme|carrito|mi cuenta|contraseña|nuestro equipo|nuestra historia"
        "|trabaja con nosotros|prensa|aviso de privacidad|categorías|etiquetas|preguntas frecuentes|accesibilidad"
        "|hemeroteca|suscríbete|suscripciones|سلة التسوق|حسابي|الأسئلة الشائعة|فريق العمل|الأرشيف|home|search|top"
        "|help|back|archive|privacy|terms|basket|shop|support|products|downloads|services|wishlist|a-z index"
        "|a to z index|a-z|search this site|search site|search the site|contact information|contact details"
        "|quick access|sections|e-edition|e-paper|digital edition|print edition|todays paper|today's paper"
        "|place an ad|submit a news tip|submit a story|news tip|staff directory|реклама на сайте|реклама у нас"
        "|размещение рекламы на сайте|о портале|о газете|о журнале|об издании|об авторе|о редакции|о блоге"
        "|на главную страницу|в начало|задать вопрос редакции|прислать новость|предложить новость|все права|войти"
        "|регистрация|вход|вход на сайт|вход/регистрация|go home|stay informed|stay up to date|nach oben|recomendados"
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
        "|mehr lesen|leer más|keep reading|next up"
    ),
    "comment form": (
        "comments|edited|reply quote|quote reply|like reply|like comment share|комментарии|ответить|пожаловаться"
        "|цитировать|kommentare|antworten|melden|zitieren|commentaires|répondre|signaler|comentarios|responder"
        "|تعليقات|رد|new topic|upvote|downvote|give award|edit post|not helpful|was this helpful?"
        "|was this article helpful?|was this page helpful?|إرسال|reply|quote|report|what do you think?|have your say"
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
        "|технологии|авто|недвижимость|здоровье|туризм|город|регионы|криминал|интервью|репортаж|nachrichten|politik"
        "|wirtschaft|kultur|wissen|reise|gesellschaft|panorama|regional|lokales|gesundheit|auto|digital|meinung|leben"
        "|stil|bildung|actualités|actualité|politique|économie|société|monde|france|sciences|santé|environnement"
        "|planète|opinions|débats|loisirs|sorties|météo|région|noticias|política|economía|deportes|cultura|opinión"
        "|sociedad|internacional|nacional|españa|ciencia|salud|tecnología|educación|sucesos|gente|televisión|viajes"
        "|أخبار|رياضة|اقتصاد|سياسة|ثقافة|فن|تكنولوجيا|منوعات|صحة|فيديو|محليات|عربي|عالمي|دولي|آراء|مقالات|مجتمع"
        "|country|region|men|women|kids|history|status|security|statistics|features|plans|delivery|sale|team|staff"
        "|projects|clients|resources|publications|reports|calendar|languages|language|discussion|article|links|recent"
        "|brands|stores|outlet|tools|messages|notifications|preferences|profile|media|partners|sponsors|documentation"
        "|docs|demo|api|portfolio|testimonials|case studies|our story|our mission|our values|our people|volunteer"
        "|membership|events|gallery|directory|community|store|page|site|talk|read|feedback|press|jobs|legal"
        "|disclaimer|accessibility|meta|copyright|topics|reset|cancel|submit|username|password|livraison|paiement"
        "|leistungen|anfahrt|versand|доставка|оплата|история|темы|авторы|каталог|отзывы|envíos|pago|usuario|archivos"
        "|الوظائف|وظائف|presse|karriere|publicidad|redaktion|редакция|правила|помощь|вакансии|settings|bag"
        "|sustainability|responsibility|corporate|investors|webmaster|what we do|payment methods|usage|kategorien"
        "|categories|archives|archiv|архив|rubriques|authors|close|next|previous|edit|english|deutsch|français"
        "|español|русский|italiano|português|polski|nederlands|العربية|中文|日本語|images|articles|афиша|работа"
        "|объявления|магазины|образование"
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
