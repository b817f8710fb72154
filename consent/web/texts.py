"""What the preference centre says, in English and German. Notices are published texts instead."""

from __future__ import annotations

from typing import Final

from consent.choices import ComplaintAbout
from governance.registry.models import PersonalizationType

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
        "receipt": "Receipt",
        "receipt_help": "A receipt shows what was recorded and when. Anyone can check it.",
        "likes": "What we think you like",
        "likes_none": "Nothing is guessed about you.",
        "likes_help": "These are guesses. Change them, take them off, or start over.",
        "likes_because": "Because: {because}",
        "likes_source": "Guessed by {system}",
        "likes_yours": "You told us",
        "likes_remove": "Take off {label}",
        "likes_correct": "Change {label}",
        "likes_instead": "What is right instead",
        "likes_save": "Save",
        "likes_start_over": "Forget all of it and start over",
        "likes_removed": "Taken off. It will not be guessed again.",
        "likes_corrected": "Changed. Thank you.",
        "likes_forgotten": "Forgotten. Only what happens from now on counts.",
        "held": "What do you hold about me?",
        "held_help": "Everything that is stored here under your name, in one list.",
        "held_open": "Show everything",
        "held_download": "Download as a file (JSON)",
        "held_none": "Nothing is stored about you.",
        "back": "Back to your choices",
        "complaint": "Complain",
        "complaint_help": "Tell us what went wrong. A person answers within a month, here.",
        "complaint_about": "What is it about?",
        "complaint_text": "What happened?",
        "complaint_send": "Send",
        "complaint_sent": "Sent. A person answers by {due}. You find the answer on this page.",
        "complaint_yours": "Your complaints",
        "complaint_waits": "Waits for an answer, by {due} at the latest.",
        "complaint_answer": "Answer of {at}",
        "your_words": "What you wrote, to copy",
        "told_merged": "Your choices of this browser and of your account were joined: the newest "
        "counted, and where it was not clear, no.",
        "load": "Loading your choices",
        "failed": "Your choices could not be loaded or saved. Try again.",
        "retry": "Try again",
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
        "receipt": "Beleg",
        "receipt_help": "Ein Beleg zeigt, was wann festgehalten wurde. Jeder kann ihn prüfen.",
        "likes": "Was wir glauben, dass Sie mögen",
        "likes_none": "Über Sie wird nichts vermutet.",
        "likes_help": "Das sind Vermutungen. Ändern Sie sie, streichen Sie sie, oder fangen Sie "
        "neu an.",
        "likes_because": "Weil: {because}",
        "likes_source": "Vermutet von {system}",
        "likes_yours": "Haben Sie uns gesagt",
        "likes_remove": "{label} streichen",
        "likes_correct": "{label} ändern",
        "likes_instead": "Was stattdessen stimmt",
        "likes_save": "Speichern",
        "likes_start_over": "Alles vergessen und neu anfangen",
        "likes_removed": "Gestrichen. Es wird nicht wieder vermutet.",
        "likes_corrected": "Geändert. Danke.",
        "likes_forgotten": "Vergessen. Es zählt nur, was ab jetzt geschieht.",
        "held": "Was haben Sie über mich gespeichert?",
        "held_help": "Alles, was hier zu Ihnen gespeichert ist, in einer Liste.",
        "held_open": "Alles zeigen",
        "held_download": "Als Datei herunterladen (JSON)",
        "held_none": "Über Sie ist nichts gespeichert.",
        "back": "Zurück zu Ihren Entscheidungen",
        "complaint": "Sich beschweren",
        "complaint_help": "Sagen Sie uns, was schiefging. Ein Mensch antwortet innerhalb eines "
        "Monats, hier.",
        "complaint_about": "Worum geht es?",
        "complaint_text": "Was ist geschehen?",
        "complaint_send": "Absenden",
        "complaint_sent": "Abgesandt. Ein Mensch antwortet bis {due}. Sie finden die Antwort auf "
        "dieser Seite.",
        "complaint_yours": "Ihre Beschwerden",
        "complaint_waits": "Wartet auf eine Antwort, spätestens bis {due}.",
        "complaint_answer": "Antwort vom {at}",
        "your_words": "Was Sie geschrieben haben, zum Kopieren",
        "told_merged": "Ihre Entscheidungen in diesem Browser und in Ihrem Konto wurden "
        "zusammengeführt: Die neueste zählte, und wo es nicht klar war, nein.",
        "load": "Ihre Entscheidungen werden geladen",
        "failed": "Ihre Entscheidungen konnten nicht geladen oder gespeichert werden. Versuchen "
        "Sie es noch einmal.",
        "retry": "Noch einmal versuchen",
    },
}

STATUSES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "given": "Yes",
        "refused": "No",
        "withdrawn": "Withdrawn",
        "objected": "Objected",
        "renewed": "Yes, again",
        "expired": "Ran out",
        "unknown": "Not said",
        "requested": "Asked",
        "invalidated": "No longer valid",
        "revoked": "Ended by us",
    },
    "de": {
        "given": "Ja",
        "refused": "Nein",
        "withdrawn": "Zurückgenommen",
        "objected": "Widersprochen",
        "renewed": "Ja, erneut",
        "expired": "Abgelaufen",
        "unknown": "Nicht gesagt",
        "requested": "Gefragt",
        "invalidated": "Nicht mehr gültig",
        "revoked": "Von uns beendet",
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

# What a complaint may be about, in the person's words.
COMPLAINTS: Final[dict[str, dict[str, str]]] = {
    "en": {str(value): str(label) for value, label in ComplaintAbout.choices},
    "de": {
        "not_followed": "Meine Entscheidung wurde nicht befolgt",
        "unfair": "Ich wurde ungerecht behandelt",
        "wrong_data": "Was Sie über mich gespeichert haben, ist falsch",
        "not_understood": "Ich verstehe nicht, was geschieht",
        "other": "Etwas anderes",
    },
}


def type_text(kind: PersonalizationType, language: str) -> tuple[str, str]:
    """The title and the help of a type, in the reader's language where it is translated."""
    if language == "de" and kind.key in TYPES_DE:
        return TYPES_DE[kind.key]
    return kind.title, kind.help


def purpose_title(key: str, title: str, language: str) -> str:
    return TYPES_DE[key][0] if language == "de" and key in TYPES_DE else title
