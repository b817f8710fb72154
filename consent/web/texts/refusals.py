"""Refusals that a person can meet, in German; the sentences are written in English where they
are raised, and stay English (and are marked so) where no translation stands here."""

from __future__ import annotations

from typing import Final

GERMAN_REFUSALS: Final[dict[str, str]] = {
    "The token is not one of ours or was changed.": "Der Link ist nicht von uns oder wurde "
    "verändert.",
    "The token is not signed with EdDSA.": "Der Link ist nicht so unterschrieben, wie wir "
    "unterschreiben.",
    "The token lacks a claim.": "Dem Link fehlt eine Angabe.",
    "The token would live longer than 15 minutes.": "Der Link würde länger gelten als erlaubt.",
    "The token has run out; ask for a new one.": "Der Link ist abgelaufen. Öffnen Sie die Seite "
    "noch einmal von dort, woher Sie kamen.",
    "The link has run out. Open your choices where you have your account.": "Der Link ist "
    "abgelaufen. Öffnen Sie Ihre Entscheidungen dort, wo Sie Ihr Konto haben.",
    "This subject token is bound to another origin.": "Dieser Zugang gilt für eine andere Seite.",
    "This interest is not on your list.": "Das steht nicht auf Ihrer Liste.",
    "An interest is 1 to 120 signs.": "Schreiben Sie 1 bis 120 Zeichen.",
    "A complaint is 1 to 4000 signs.": "Schreiben Sie 1 bis 4000 Zeichen.",
    "Choose what the complaint is about.": "Wählen Sie, worum es in der Beschwerde geht.",
    "There is no such receipt.": "Diesen Beleg gibt es nicht.",
    "The text is not JSON.": "Der Text ist kein Beleg: Er ist kein JSON.",
    "The text is not a consent receipt.": "Der Text ist kein Beleg einer Entscheidung.",
    "The receipt has no proof.": "Dem Beleg fehlt der Beweis.",
    "The receipt has no record.": "Dem Beleg fehlt, was festgehalten wurde.",
    "The receipt was changed, or another installation signed it.": "Der Beleg wurde verändert, "
    "oder jemand anders hat ihn ausgestellt.",
    "The ledger's entry beside the receipt cannot be read.": "Der Eintrag des Buches, der beim "
    "Beleg liegt, ist nicht lesbar.",
    "The ledger's proof beside the receipt cannot be read.": "Der Beweis des Buches, der beim "
    "Beleg liegt, ist nicht lesbar.",
    "The ledger's checkpoint beside the receipt is not signed by this installation.": "Den Stand "
    "des Buches, der beim Beleg liegt, haben nicht wir unterschrieben.",
    "The entry is not in the ledger that was signed.": "Der Eintrag steht nicht in dem Buch, das "
    "unterschrieben wurde.",
}


def refusal_text(sentence: str, language: str) -> tuple[str, str]:
    """The sentence for a reader of `language`, and the language it is in."""
    if language == "de" and sentence in GERMAN_REFUSALS:
        return GERMAN_REFUSALS[sentence], "de"
    return sentence, "en"
