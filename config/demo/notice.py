"""The demo's notice: what people are told before they choose, short first, in two languages."""

from __future__ import annotations

from config.demo.people import SignIn
from consent.services import publish_notice

TEXTS = {
    "en": (
        "What we do with what you look at",
        "We order what you see by what people click. You decide what may be chosen for you.",
        (
            "The fashion carousel counts how often each item is shown and clicked, over all "
            "visitors, and shows the items that are clicked more often more often. Nothing about "
            "you enters that count. Where something would be chosen for you in particular, it has "
            "a switch of its own here, and one switch turns everything off. If you turn it off you"
            " still get the shop, with items chosen at random. You can change your mind at any "
            "time, with the same number of steps."
        ),
    ),
    "de": (
        "Was wir mit dem tun, was Sie ansehen",
        (
            "Wir ordnen die Auswahl danach, was Menschen anklicken. Sie bestimmen, was für Sie "
            "ausgewählt werden darf."
        ),
        (
            "Das Modekarussell zählt, wie oft jeder Artikel gezeigt und angeklickt wird, über alle"
            " Besucher hinweg, und zeigt häufiger angeklickte Artikel häufiger. Nichts über Sie "
            "geht in diese Zählung ein. Wo etwas eigens für Sie ausgewählt würde, gibt es hier "
            "einen eigenen Schalter, und ein Schalter stellt alles ab. Wenn Sie abschalten, bleibt"
            " der Laden derselbe, mit zufällig gewählten Artikeln. Sie können es jederzeit ändern,"
            " mit ebenso vielen Schritten."
        ),
    ),
}


def publish(people: dict[str, SignIn]) -> None:
    publish_notice(key="first", texts=TEXTS, actor=people["pia"].actor)
