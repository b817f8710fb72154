"""Names of things in the person's words: types, purposes, statuses, reasons, stored fields."""

from __future__ import annotations

from typing import Final

from consent.choices import AgeBand, ComplaintAbout, Component, InterestStanding, Method
from governance.registry.models import PersonalizationType, Purpose

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

# The registry names types and purposes in English; German readers get these for the built-in ones.
TYPES_DE: Final[dict[str, tuple[str, str]]] = {
    "product_suggestions": (
        "Produktvorschläge",
        "Produkte, die zu dem passen, was Sie angesehen und gekauft haben.",
    ),
    "ads": (
        "Werbung",
        (
            "Werbung, die für Sie ausgewählt wird. Aus heißt: Sie sehen weiter Werbung, passend "
            "zum Inhalt der Seite."
        ),
    ),
    "content_ranking": (
        "Reihenfolge der Inhalte",
        "Übersichten und Suchergebnisse in einer Reihenfolge, die für Sie gemacht ist.",
    ),
    "pricing": (
        "Persönliche Preise und Angebote",
        "Preise und Angebote, die davon abhängen, was wir über Sie wissen.",
    ),
    "notifications": (
        "Benachrichtigungen",
        "Nachrichten, ausgewählt danach, wie und wann Sie den Dienst nutzen.",
    ),
    "inferred_interests": (
        "Vermutete Interessen",
        "Eine Liste dessen, was Sie vermutlich mögen. Sie können sie sehen, ändern und leeren.",
    ),
    "model_training": (
        "Training unserer Modelle",
        "Was Sie tun, hilft, Modelle zu verbessern, die allen dienen.",
    ),
}
PURPOSES_DE: Final[dict[str, tuple[str, str]]] = {
    "product_suggestions": (
        "Produktvorschläge",
        "Produkte vorschlagen passend zu dem, was jemand angesehen, gekauft oder gemerkt hat.",
    ),
    "ads": (
        "Werbung aus unseren eigenen Daten",
        "Unsere Werbung danach auswählen, was jemand bei uns tut, und bei niemandem sonst.",
    ),
    "ads_third_party": (
        "Werbung über Unternehmen hinweg",
        (
            "Werbung mit Daten auswählen, die mit anderen Unternehmen geteilt werden oder von "
            "ihnen kommen."
        ),
    ),
    "content_ranking": (
        "Reihenfolge der Inhalte",
        "Übersichten und Suchergebnisse danach ordnen, was jemand mochte oder geöffnet hat.",
    ),
    "pricing": (
        "Persönliche Preise und Angebote",
        (
            "Einen Preis, einen Rabatt oder ein Angebot für eine Person danach festlegen, was wir "
            "wissen."
        ),
    ),
    "notifications": (
        "Ausgewählte Benachrichtigungen",
        "Nach der Nutzung wählen, welche Nachrichten jemand bekommt und wann.",
    ),
    "inferred_interests": (
        "Vermutete Interessen",
        "Aus dem Verhalten vermuten, was jemand mag, und die Vermutungen aufbewahren.",
    ),
    "model_training": (
        "Training unserer Modelle",
        "Aus dem Verhalten lernen, um Modelle zu verbessern, die allen dienen.",
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

# What stands in the way of a yes. A rule about age is not told: it would tell the age.
OBSTACLES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "held": "We have paused this at the moment. Your choice is kept.",
        "prohibited": "This is not done where you are.",
        "restricted": "You asked us not to use your data at present.",
        "policy": "A rule keeps this off for you.",
        "gpc": "Your browser's privacy signal keeps this off until you switch it on here.",
        "expired": "Your yes has run out. Please decide again.",
        "notice_outdated": "What we told you has changed since your yes. Please decide again.",
    },
    "de": {
        "held": "Wir haben das zurzeit angehalten. Ihre Entscheidung bleibt erhalten.",
        "prohibited": "Das geschieht dort, wo Sie sind, nicht.",
        "restricted": "Sie haben uns gebeten, Ihre Daten zurzeit nicht zu nutzen.",
        "policy": "Eine Regel hält das für Sie aus.",
        "gpc": "Das Signal Ihres Browsers hält das aus, bis Sie es hier einschalten.",
        "expired": "Ihr Ja ist abgelaufen. Bitte entscheiden Sie neu.",
        "notice_outdated": "Was wir Ihnen sagten, hat sich seit Ihrem Ja geändert. Bitte "
        "entscheiden Sie neu.",
    },
}

# The decision in plain words: outcome, then why.
REASONS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "personalise": "It is personalised for you, because {why}.",
        "non_profiled": "You get the version that is the same for everyone, because {why}.",
        "deny": "It is off for you, because {why}.",
        "held": "we have paused it",
        "not_approved": "the personal version has not been approved",
        "prohibited": "it is not done where you are",
        "erased": "your data was erased",
        "restricted": "you asked us not to use your data at present",
        "policy": "a rule keeps it off for you",
        "objected": "you objected",
        "withdrawn": "you turned it off",
        "refused": "you said no",
        "gpc": "your browser sends Global Privacy Control",
        "expired": "your yes has run out",
        "notice_outdated": "what we told you has changed since your yes",
        "given": "you said yes",
        "default_on": "it is on unless you turn it off",
        "default_off": "you have not said yes",
        "unavailable": "we could not look up your choice",
    },
    "de": {
        "personalise": "Es ist für Sie personalisiert, denn {why}.",
        "non_profiled": "Sie bekommen die Fassung, die für alle gleich ist, denn {why}.",
        "deny": "Es ist für Sie aus, denn {why}.",
        "held": "wir haben es angehalten",
        "not_approved": "die persönliche Fassung ist nicht freigegeben",
        "prohibited": "es geschieht dort, wo Sie sind, nicht",
        "erased": "Ihre Daten wurden gelöscht",
        "restricted": "Sie haben uns gebeten, Ihre Daten zurzeit nicht zu nutzen",
        "policy": "eine Regel hält es für Sie aus",
        "objected": "Sie haben widersprochen",
        "withdrawn": "Sie haben es ausgeschaltet",
        "refused": "Sie haben nein gesagt",
        "gpc": "Ihr Browser sendet Global Privacy Control",
        "expired": "Ihr Ja ist abgelaufen",
        "notice_outdated": "was wir Ihnen sagten, hat sich seit Ihrem Ja geändert",
        "given": "Sie haben ja gesagt",
        "default_on": "es ist an, solange Sie es nicht ausschalten",
        "default_off": "Sie haben nicht ja gesagt",
        "unavailable": "wir konnten Ihre Entscheidung nicht nachsehen",
    },
}

# Names of what is stored, as `personal_data` exports it.
FIELDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "subject": "You",
        "choice": "Your choices now",
        "event": "Each choice you made",
        "access": "Who looked at your choices",
        "interest": "What we think you like",
        "complaint": "Your complaints",
        "notice": "Notices you were shown",
        "token": "When your choices were opened",
        "purpose__key": "Purpose",
        "version__key": "Notice",
        "gpc": "Global Privacy Control",
        "age_band": "Age",
    },
    "de": {
        "Consent": "Entscheidungen",
        "Outputs that systems served": "Was Ihnen ausgespielt wurde",
        "subject": "Sie",
        "choice": "Ihre Entscheidungen jetzt",
        "event": "Jede Ihrer Entscheidungen",
        "access": "Wer Ihre Entscheidungen angesehen hat",
        "interest": "Was wir glauben, dass Sie mögen",
        "complaint": "Ihre Beschwerden",
        "notice": "Hinweise, die Ihnen gezeigt wurden",
        "token": "Wann Ihre Entscheidungen geöffnet wurden",
        "about": "Worum es geht",
        "age_band": "Alter",
        "answer": "Antwort",
        "answered_at": "Beantwortet",
        "at": "Wann",
        "because": "Weil",
        "component": "Wo",
        "created_at": "Angelegt",
        "decided_at": "Entschieden",
        "expires_at": "Gilt bis",
        "gpc": "Global Privacy Control",
        "id": "Kennung",
        "inferred_at": "Vermutet am",
        "label": "Vermutung",
        "language": "Sprache",
        "method": "Wie",
        "notice_version": "Hinweis",
        "occurred_at": "Gesagt am",
        "origin": "Seite",
        "pseudonym": "Deckname",
        "purpose__key": "Zweck",
        "purpose_of_access": "Wozu",
        "region": "Region",
        "restricted_at": "Eingeschränkt seit",
        "revision": "Nummer",
        "served_at": "Gezeigt am",
        "standing": "Stand",
        "status": "Entscheidung",
        "surface": "Stelle",
        "system": "System",
        "system_key": "System",
        "text": "Text",
        "version__key": "Hinweis",
    },
}

# Values that are stored as codes.
VALUES: Final[dict[str, dict[str, str]]] = {
    "en": {
        **{str(value): str(label) for value, label in Method.choices},
        **{str(value): str(label) for value, label in AgeBand.choices},
        **{str(value): str(label) for value, label in Component.choices},
        **{str(value): str(label) for value, label in InterestStanding.choices},
    },
    "de": {
        "preference_centre": "Auf der Seite Ihrer Entscheidungen",
        "toggle": "Mit einem Schalter",
        "banner": "Über einen Hinweis",
        "banner_accept": "Über einen Hinweis, angenommen",
        "banner_reject": "Über einen Hinweis, abgelehnt",
        "widget": "In der Seite des Dienstes",
        "api": "Über den Dienst",
        "gpc": "Durch Global Privacy Control",
        "import": "Übernommen aus einem früheren System",
        "bulk": "Für viele zugleich",
        "merge": "Beim Anmelden zusammengeführt",
        "guardian": "Durch Erziehungsberechtigte",
        "renewal": "Erneut gefragt",
        "expiry": "Abgelaufen",
        "unknown": "Nicht bekannt",
        "under_13": "Unter 13",
        "13_to_15": "13 bis 15",
        "16_to_17": "16 oder 17",
        "minor": "Minderjährig",
        "adult": "Erwachsen",
        "modal": "In einem Fenster",
        "inline": "In der Seite",
        "centre": "Auf der Seite Ihrer Entscheidungen",
        "guessed": "Vermutet",
        "confirmed": "Von Ihnen bestätigt",
        "removed": "Von Ihnen gestrichen",
    },
}
#: The stored fields whose values are such codes.
CODED: Final = frozenset({"method", "age_band", "component", "standing"})


def type_text(kind: PersonalizationType, language: str) -> tuple[str, str]:
    """The title and the help of a type, in the reader's language where it is translated."""
    if language == "de" and kind.key in TYPES_DE:
        return TYPES_DE[kind.key]
    return kind.title, kind.help


def purpose_text(purpose: Purpose, language: str) -> tuple[str, str, str]:
    """Title, description and the language both are in; a purpose of a customer stays as it is."""
    if language == "de" and purpose.key in PURPOSES_DE:
        return (*PURPOSES_DE[purpose.key], "de")
    return purpose.title, purpose.description, "en"


def purpose_title(purpose: Purpose, language: str) -> str:
    return purpose_text(purpose, language)[0]
