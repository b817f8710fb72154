"""What the person's pages say, one module a language. Notices are published texts instead.

Words that name things (types, purposes, statuses, reasons) stand in `vocabulary`, the sentences
of refusals in `refusals`.
"""

from __future__ import annotations

from typing import Final

from consent.preferences import Toggle
from consent.web.texts.english import ENGLISH
from consent.web.texts.german import GERMAN
from consent.web.texts.refusals import refusal_text
from consent.web.texts.vocabulary import (
    CODED,
    COMPLAINTS,
    FIELDS,
    OBSTACLES,
    PURPOSES_DE,
    REASONS,
    STATUSES,
    TYPES_DE,
    VALUES,
    purpose_text,
    purpose_title,
    type_text,
)

__all__ = [
    "CODED",
    "COMPLAINTS",
    "FIELDS",
    "OBSTACLES",
    "PURPOSES_DE",
    "REASONS",
    "STATUSES",
    "TEXTS",
    "TYPES_DE",
    "VALUES",
    "WIDGET_WORDS",
    "purpose_text",
    "purpose_title",
    "refusal_text",
    "toggle_note",
    "type_text",
    "widget_words",
]

TEXTS: Final[dict[str, dict[str, str]]] = {"en": ENGLISH, "de": GERMAN}

#: What the widget says besides titles and notices.
WIDGET_WORDS: Final = (
    "title",
    "lede",
    "gpc",
    "told",
    "notice_full",
    "all_on",
    "all_off",
    "on",
    "off",
    "default",
    "save",
    "saved",
    "saved_on",
    "saved_off",
    "unchanged",
    "erased",
    "failed_save",
    "ran_out",
    "foreign",
    "retry",
)


def widget_words(language: str) -> dict[str, str]:
    return {name: TEXTS[language][name] for name in WIDGET_WORDS}


def toggle_note(toggle: Toggle, language: str) -> str:
    """What stands between the person's choice and what happens, in sentences."""
    partly = ", ".join(purpose_title(each, language) for each in toggle.partly)
    told = [TEXTS[language]["partly"].format(what=partly)] if partly else []
    if toggle.obstacle is not None:
        told.append(OBSTACLES[language].get(toggle.obstacle, ""))
    return " ".join(each for each in told if each)
