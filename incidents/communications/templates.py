"""Plain words for each audience, stage and kind of harm, in English and German. Pure.

What stands in square brackets nobody but a person can write: a message is not sent while one is
left. The own team's messages hold facts alone, so that they may leave by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.choices import Audience, Kind, Stage
from incidents.communications.words import ENGLISH, GERMAN, Text, said_at


@dataclass(frozen=True)
class MessageFacts:
    """What the templates may say; all of it is known without asking anybody."""

    reference: str
    title: str
    summary: str
    kind: str
    severity: str
    state: str
    system: str
    since: datetime | None
    contained_at: datetime | None
    done: tuple[str, ...] = ()
    following: tuple[str, ...] = ()


HARMS: dict[str, dict[str, str]] = {
    ENGLISH: {
        Kind.PRIVACY: "Data about people was used, or could be seen, in a way that was not right.",
        Kind.BIAS: "Some groups of people got worse results than others.",
        Kind.OPACITY: "People could not find out why they were shown what they were shown.",
        Kind.MANIPULATION: "What was shown may have pushed people to choose what they did not "
        "want.",
        Kind.CONSENT: "Something was chosen for people by their data although they had not agreed.",
    },
    GERMAN: {
        Kind.PRIVACY: "Daten über Menschen wurden nicht so verwendet oder geschützt, wie es "
        "richtig ist.",
        Kind.BIAS: "Manche Gruppen von Menschen bekamen schlechtere Ergebnisse als andere.",
        Kind.OPACITY: "Menschen konnten nicht erfahren, warum sie sahen, was sie sahen.",
        Kind.MANIPULATION: "Was gezeigt wurde, hat Menschen vielleicht zu etwas gedrängt, das sie "
        "nicht wollten.",
        Kind.CONSENT: "Für Menschen wurde nach ihren Daten ausgewählt, obwohl sie nicht "
        "zugestimmt hatten.",
    },
}

_SINCE = {
    ENGLISH: "As far as we know it began on {at}.",
    GERMAN: "Soweit wir wissen, begann es am {at}.",
}
_SINCE_UNKNOWN = {
    ENGLISH: "We do not know yet when it began.",
    GERMAN: "Wann es begann, wissen wir noch nicht.",
}
_STOPPED = {
    ENGLISH: "It was stopped on {at}.",
    GERMAN: "Am {at} wurde es angehalten.",
}
_NOT_STOPPED = {
    ENGLISH: "We are working to stop it.",
    GERMAN: "Wir arbeiten daran, es anzuhalten.",
}
_NAMELESS = {ENGLISH: "one of our services", GERMAN: "einem unserer Dienste"}

Pair = tuple[str, str]

TEMPLATES: dict[tuple[str, str], dict[str, Pair]] = {
    (Audience.INTERNAL, Stage.FIRST): {
        ENGLISH: (
            "{reference}: {title}",
            "{summary}{severity}. {system}.\n{since} {stopped}\n\nDone: {done}\nNext: {following}",
        ),
    },
    (Audience.INTERNAL, Stage.UPDATE): {
        ENGLISH: (
            "{reference}: {state}. {title}",
            (
                "Conditions: {state}, {severity}. {since} {stopped}\nActions: {done}\n"
                "Needs: {following}"
            ),
        ),
    },
    (Audience.INTERNAL, Stage.END): {
        ENGLISH: (
            "{reference} is over: {title}",
            "{state}. {since} {stopped}\nDone: {done}\nStill to do: {following}",
        ),
    },
    (Audience.PEOPLE, Stage.FIRST): {
        ENGLISH: (
            "Something went wrong in {system}",
            (
                "{harm} This happened in {system}. {since} {stopped}\n\n"
                "What it may mean for you: [what may have happened to one person]\n\n"
                "What we do: [what is being done, in one sentence]\n\n"
                "What you can do: [what a person can do, or that nothing needs to be done]\n\n"
                "If you have a question, write to [who answers, and where]. You may also complain "
                "to the authority for data protection."
            ),
        ),
        GERMAN: (
            "Etwas ist schiefgelaufen: {system}",
            (
                "{harm} Das geschah in: {system}. {since} {stopped}\n\n"
                "Was es für Sie bedeuten kann: [was einem Menschen geschehen sein kann]\n\n"
                "Was wir tun: [was getan wird, in einem Satz]\n\n"
                "Was Sie tun können: [was man tun kann, oder dass nichts zu tun ist]\n\n"
                "Wenn Sie Fragen haben, schreiben Sie an [wer antwortet, und wo]. Sie können sich "
                "auch bei der Datenschutzbehörde beschweren."
            ),
        ),
    },
    (Audience.PEOPLE, Stage.UPDATE): {
        ENGLISH: (
            "News about what went wrong in {system}",
            (
                "{stopped}\n\nWhat is new: [what we know now that we did not know before]\n\n"
                "What it means for you: [what changes for a person, or that nothing does]"
            ),
        ),
        GERMAN: (
            "Neues dazu, was schiefgelaufen ist: {system}",
            (
                "{stopped}\n\nWas neu ist: [was wir jetzt wissen und vorher nicht wussten]\n\n"
                "Was das für Sie bedeutet: [was sich ändert, oder dass sich nichts ändert]"
            ),
        ),
    },
    (Audience.PEOPLE, Stage.END): {
        ENGLISH: (
            "What went wrong in {system} is over",
            (
                "{stopped} It has been put right and checked.\n\n"
                "What happened: [what happened, in one or two sentences]\n\n"
                "What is different now: [what was changed so that it does not happen again]"
            ),
        ),
        GERMAN: (
            "Es ist behoben: {system}",
            (
                "{stopped} Es ist behoben und geprüft.\n\n"
                "Was geschehen ist: [was geschehen ist, in ein oder zwei Sätzen]\n\n"
                "Was jetzt anders ist: [was geändert wurde, damit es nicht wieder geschieht]"
            ),
        ),
    },
    (Audience.PARTNERS, Stage.FIRST): {
        ENGLISH: (
            "{reference}: incident in {system}",
            (
                "{harm} It concerns {system}. {since} {stopped}\n\n"
                "How it reaches you: [what of the partner's is touched: data, surfaces, people]\n\n"
                "What we ask of you: [what the partner should do, or that nothing is asked]\n\n"
                "Your contact: [name and address]"
            ),
        ),
        GERMAN: (
            "{reference}: Vorfall in {system}",
            (
                "{harm} Es betrifft: {system}. {since} {stopped}\n\n"
                "Wie es Sie betrifft: [was beim Partner betroffen ist: Daten, Seiten, Menschen]\n\n"
                "Worum wir Sie bitten: [was zu tun ist, oder dass nichts zu tun ist]\n\n"
                "Ihr Kontakt: [Name und Adresse]"
            ),
        ),
    },
    (Audience.PARTNERS, Stage.UPDATE): {
        ENGLISH: (
            "{reference}: update on {system}",
            (
                "{stopped}\n\nWhat is new: [what is known now]\n\n"
                "What we ask of you: [what the partner should do, or that nothing is asked]"
            ),
        ),
        GERMAN: (
            "{reference}: Neues zu {system}",
            (
                "{stopped}\n\nWas neu ist: [was jetzt bekannt ist]\n\n"
                "Worum wir Sie bitten: [was zu tun ist, oder dass nichts zu tun ist]"
            ),
        ),
    },
    (Audience.PARTNERS, Stage.END): {
        ENGLISH: (
            "{reference}: {system} is back to normal",
            (
                "{stopped} What replaced it was audited and passed.\n\n"
                "The cause: [the cause, in one or two sentences]\n\n"
                "What is different now: [what was changed]"
            ),
        ),
        GERMAN: (
            "{reference}: {system} läuft wieder wie vorgesehen",
            (
                "{stopped} Was es ersetzt, wurde geprüft und hat bestanden.\n\n"
                "Die Ursache: [die Ursache, in ein oder zwei Sätzen]\n\n"
                "Was jetzt anders ist: [was geändert wurde]"
            ),
        ),
    },
    (Audience.REGULATOR, Stage.FIRST): {
        ENGLISH: (
            "{reference}: notice of an incident in {system}",
            (
                "{harm} System: {system}. {since} {stopped}\n\n"
                "Duty under which we write: [the article]\n\n"
                "Attached or filed separately: [the report, and its number]\n\n"
                "Contact: [name and address of the data protection officer]"
            ),
        ),
        GERMAN: (
            "{reference}: Meldung eines Vorfalls in {system}",
            (
                "{harm} System: {system}. {since} {stopped}\n\n"
                "Pflicht, unter der wir schreiben: [der Artikel]\n\n"
                "Beigefügt oder getrennt eingereicht: [der Bericht und sein Zeichen]\n\n"
                "Kontakt: [Name und Adresse der oder des Datenschutzbeauftragten]"
            ),
        ),
    },
    (Audience.REGULATOR, Stage.UPDATE): {
        ENGLISH: (
            "{reference}: further information on {system}",
            "{since} {stopped}\n\nWhat is known now: [what the earlier report left open]",
        ),
        GERMAN: (
            "{reference}: weitere Angaben zu {system}",
            "{since} {stopped}\n\nWas jetzt bekannt ist: [was der frühere Bericht offen ließ]",
        ),
    },
    (Audience.REGULATOR, Stage.END): {
        ENGLISH: (
            "{reference}: final information on {system}",
            "{since} {stopped}\n\nThe cause: [the cause]\n\nThe measures: [what was changed]",
        ),
        GERMAN: (
            "{reference}: abschließende Angaben zu {system}",
            (
                "{since} {stopped}\n\nDie Ursache: [die Ursache]\n\n"
                "Die Maßnahmen: [was geändert wurde]"
            ),
        ),
    },
    (Audience.PUBLIC, Stage.FIRST): {
        ENGLISH: (
            "Incident in {system}",
            (
                "{harm} {since} {stopped}\n\nWho is concerned: [who may be concerned]\n\n"
                "What we do: [what is being done]"
            ),
        ),
        GERMAN: (
            "Vorfall: {system}",
            (
                "{harm} {since} {stopped}\n\nWer betroffen ist: [wer betroffen sein kann]\n\n"
                "Was wir tun: [was getan wird]"
            ),
        ),
    },
    (Audience.PUBLIC, Stage.UPDATE): {
        ENGLISH: (
            "Incident in {system}: update",
            "{stopped}\n\nWhat is new: [what is known now]",
        ),
        GERMAN: ("Vorfall: {system}, Neues", "{stopped}\n\nWas neu ist: [was jetzt bekannt ist]"),
    },
    (Audience.PUBLIC, Stage.END): {
        ENGLISH: (
            "Incident in {system}: it is over",
            (
                "{stopped} It has been put right and checked.\n\n"
                "What happened: [what happened]\n\nWhat is different now: [what was changed]"
            ),
        ),
        GERMAN: (
            "Vorfall: {system}, behoben",
            (
                "{stopped} Es ist behoben und geprüft.\n\n"
                "Was geschehen ist: [was geschehen ist]\n\n"
                "Was jetzt anders ist: [was geändert wurde]"
            ),
        ),
    },
}


def languages_for(audience: str) -> tuple[str, ...]:
    """The languages a message to this audience is written in, the first one needed always."""
    return tuple(TEMPLATES[audience, Stage.FIRST])


def filled(audience: str, stage: str, facts: MessageFacts) -> dict[str, Text]:
    """The template of an audience and a stage with the facts in it, by language."""
    made = {}
    for language, (subject, body) in TEMPLATES[audience, stage].items():
        slots = _slots(facts, language)
        if audience == Audience.INTERNAL:
            slots["system"] = f"System: {facts.system}" if facts.system else "No system is named"
        made[language] = Text(subject.format_map(slots)[:200], body.format_map(slots))
    return made


def _slots(facts: MessageFacts, language: str) -> dict[str, str]:
    since = (
        _SINCE[language].format(at=said_at(facts.since, language))
        if facts.since
        else _SINCE_UNKNOWN[language]
    )
    stopped = (
        _STOPPED[language].format(at=said_at(facts.contained_at, language))
        if facts.contained_at
        else _NOT_STOPPED[language]
    )
    return {
        "reference": facts.reference,
        "title": facts.title,
        "summary": f"{facts.summary.strip()}\n\n" if facts.summary.strip() else "",
        "severity": facts.severity,
        "state": facts.state,
        "system": facts.system or _NAMELESS[language],
        "harm": HARMS[language][facts.kind],
        "since": since,
        "stopped": stopped,
        "done": "; ".join(facts.done) or "nothing yet",
        "following": "; ".join(facts.following) or "nothing that is needed",
    }
