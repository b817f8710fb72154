"""What the preference centre says, in English and German. Notices are published texts instead."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "Your choices",
        "lede": "You decide what may be personalised for you. You can change it at any time.",
        "gpc": "Your browser sends Global Privacy Control. We do not share or sell your data for "
        "ads unless you switch it on below.",
        "notice_short": "In short",
        "notice_full": "The full notice",
        "all": "Everything at once",
        "all_on": "Turn everything on",
        "all_off": "Turn everything off",
        "one_by_one": "One by one",
        "on": "On",
        "off": "Off",
        "default": "On now without your choice. Save with the switch off to turn it off.",
        "save": "Save my choices",
        "saved": "Saved. Your choices hold from now on.",
        "saved_on": "Saved. Everything is on from now on.",
        "saved_off": "Saved. Everything is off from now on; you get the version that is the same "
        "for everyone.",
        "unchanged": "Nothing changed: your choices were so already.",
        "history": "What you chose before",
        "when": "When",
        "what": "What",
        "choice": "Your choice",
        "purposes": "What it is for",
        "refused_title": "This page cannot be opened",
        "refused_help": "Go back to where you came from and open your choices again.",
        "other_language": "Deutsch",
        "erased": "Your data was erased. Nothing is personalised for you.",
    },
    "de": {
        "title": "Ihre Entscheidungen",
        "lede": "Sie entscheiden, was für Sie personalisiert werden darf. Sie können das "
        "jederzeit ändern.",
        "gpc": "Ihr Browser sendet Global Privacy Control. Wir geben Ihre Daten nicht für "
        "Werbung weiter, außer Sie schalten es unten ein.",
        "notice_short": "Kurz gesagt",
        "notice_full": "Der ganze Hinweis",
        "all": "Alles auf einmal",
        "all_on": "Alles einschalten",
        "all_off": "Alles ausschalten",
        "one_by_one": "Einzeln",
        "on": "An",
        "off": "Aus",
        "default": "Zurzeit ohne Ihre Entscheidung an. Speichern Sie mit ausgeschaltetem "
        "Schalter, um es auszuschalten.",
        "save": "Meine Entscheidungen speichern",
        "saved": "Gespeichert. Ihre Entscheidungen gelten ab jetzt.",
        "saved_on": "Gespeichert. Ab jetzt ist alles an.",
        "saved_off": "Gespeichert. Ab jetzt ist alles aus; Sie bekommen die Fassung, die für "
        "alle gleich ist.",
        "unchanged": "Nichts geändert: So hatten Sie schon entschieden.",
        "history": "Was Sie bisher entschieden haben",
        "when": "Wann",
        "what": "Was",
        "choice": "Ihre Entscheidung",
        "purposes": "Wofür",
        "refused_title": "Diese Seite lässt sich nicht öffnen",
        "refused_help": "Gehen Sie zurück, woher Sie kamen, und öffnen Sie Ihre Entscheidungen "
        "noch einmal.",
        "other_language": "English",
        "erased": "Ihre Daten wurden gelöscht. Für Sie wird nichts personalisiert.",
    },
}

STATUSES: Final[dict[str, dict[str, str]]] = {
    "en": {"given": "Yes", "refused": "No", "withdrawn": "Withdrawn", "objected": "Objected"},
    "de": {
        "given": "Ja",
        "refused": "Nein",
        "withdrawn": "Zurückgenommen",
        "objected": "Widersprochen",
    },
}

# The registry names types in English; German readers get these.
TYPES_DE: Final[dict[str, tuple[str, str]]] = {
    "product_suggestions": (
        "Produktvorschläge",
        "Produkte, die zu dem passen, was Sie angesehen, gekauft oder gemerkt haben.",
    ),
    "ads": ("Werbung", "Werbung, die nach Ihrem Verhalten ausgewählt wird."),
    "content_ranking": (
        "Reihenfolge der Inhalte",
        "Was oben steht, richtet sich nach dem, was Sie bisher geöffnet haben.",
    ),
    "pricing": ("Preise und Angebote", "Preise oder Angebote, die für Sie berechnet werden."),
    "notifications": (
        "Benachrichtigungen",
        "Welche Nachrichten Sie wann bekommen, richtet sich nach Ihrer Nutzung.",
    ),
    "inferred_interests": (
        "Vermutete Interessen",
        "Wir vermuten aus Ihrem Verhalten, was Sie mögen, und merken es uns.",
    ),
    "model_training": (
        "Training unserer Modelle",
        "Ihr Verhalten hilft, Modelle zu verbessern, die allen dienen.",
    ),
}
