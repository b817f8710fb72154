"""How easily a text is read: Flesch's formula for English, Amstad's for German. Pure.

R. Flesch, A new readability yardstick, 1948; T. Amstad, Wie verständlich sind unsere Zeitungen?,
1978. Syllables are counted by groups of vowels, which is right for nearly every common word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SENTENCE = re.compile(r"[.!?…]+(?:\s|$)|\n{2,}")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d+", re.UNICODE)
_VOWELS = {
    "en": re.compile(r"[aeiouy]+"),
    "de": re.compile(r"ie(?=[^n]|$)|äu|au|ei|eu|ai|oi|ee|aa|oo|[aeiouyäöü]"),
}
# Written but not spoken in English: a final e (but not -le), -es and -ed after most letters.
_SILENT = re.compile(
    r"(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouysxzcgh])es$"
)
# Two vowels that are two syllables.
_SPLIT = re.compile(r"(?<=[aeiouy])ing|(?<=i)(?:o(?=l)|et)|(?<=e)a(?=t[eio])|(?<=u)al|ia(?=te)")


@dataclass(frozen=True, slots=True)
class Readability:
    """A score from about 0 (very hard) to 100 (very easy), and what it says in words."""

    score: float
    scale: str
    words: int
    sentences: int

    @property
    def is_plain(self) -> bool:
        return self.score >= 60

    @property
    def sentence(self) -> str:
        told = f"{self.score:.0f} of 100 ({self.scale})"
        if self.words < 20:
            return f"{told}: the text is too short for the score to say much."
        if self.is_plain:
            return f"{told}: plain, most people read it without effort."
        length = self.words / self.sentences
        if self.score >= 30:
            return (
                f"{told}: hard, many people give up. Its sentences have {length:.0f} words; "
                "60 or more is plain. Use shorter sentences and words."
            )
        return (
            f"{told}: very hard, readable after years of study. Its sentences have {length:.0f} "
            "words; 60 or more is plain. Write it anew, in short sentences."
        )


def flesch(words: int, sentences: int, syllables: int) -> float:
    """Flesch reading ease of an English text."""
    return 206.835 - 1.015 * words / sentences - 84.6 * syllables / words


def amstad(words: int, sentences: int, syllables: int) -> float:
    """Amstad's adaptation of Flesch reading ease to German."""
    return 180 - words / sentences - 58.5 * syllables / words


def count_syllables(word: str, language: str) -> int:
    """Count the syllables of one word; at least one."""
    text = word.lower()
    if language == "de":
        return max(1, len(_VOWELS["de"].findall(text)))
    text = text.removesuffix("'s").removesuffix("\u2019s")
    split = len(_SPLIT.findall(text))
    spoken = _SILENT.sub("", text)
    return max(1, len(_VOWELS["en"].findall(spoken)) + split)


def readability_of(text: str, language: str) -> Readability | None:
    """Score a text; None in a language without a formula here, or without words."""
    formula = {"en": flesch, "de": amstad}.get(language)
    words = _WORD.findall(text)
    if formula is None or not words:
        return None
    sentences = sum(bool(_WORD.search(part)) for part in _SENTENCE.split(text))
    syllables = sum(count_syllables(word, language) for word in words)
    scale = "Flesch" if language == "en" else "Flesch-Amstad"
    return Readability(formula(len(words), sentences, syllables), scale, len(words), sentences)
