"""Why a run ended without a report, in words: what happened, what it means, what to do.

Reads the sentence a run was left with; the sources and the runner write those sentences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "nothing_there",
    "changed",
    "refused",
    "too_large",
    "labels",
    "unreadable",
    "columns",
    "time_limit",
    "vault",
    "closed",
    "lost_worker",
    "fault",
    "cancelled",
    "other",
]
Place = Literal["outputs", "source", "plan", "vault", "none"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, for the person who can act; `place` is where it is put right."""

    kind: Kind
    title: str
    means: str
    do: str
    place: Place
    place_label: str
    retry: bool = True


_STANDS = "The last verdict of this plan stands; nothing is said about this window."
_KNOWN: tuple[tuple[str, Trouble], ...] = (
    (
        r"no outcome|has its outcome yet|needs? (the role )?'y_true'",
        Trouble(
            "labels",
            "No outcome is known yet",
            f"Errors can only be counted where it is known what was right. {_STANDS}",
            "Send the outcomes of this window, or let the plan wait longer for them "
            "(label maturity), then run it again.",
            "outputs",
            "See what has arrived",
        ),
    ),
    (
        r"vault|protected attribute|join attributes|Art(icle|\.) ?9|expired|purpose",
        Trouble(
            "vault",
            "A protected attribute may not be used",
            f"Such attributes are joined only for a stated purpose and until a date. {_STANDS}",
            "Renew the attribute or its purpose in the vault, or take it out of the plan.",
            "vault",
            "Open the vault",
        ),
    ),
    (
        r"lost \d+ times|together with its worker",
        Trouble(
            "lost_worker",
            "The worker was lost again and again",
            f"Each time a worker took this run up, it ended before the run did. {_STANDS}",
            "Most often memory ran out: look at the workers' health, make the window shorter or "
            "the plan heavy, then run it again.",
            "none",
            "",
        ),
    ),
    (
        r"took (longer|too long)|time limit|timed? out|interrupted",
        Trouble(
            "time_limit",
            "The run took longer than it may",
            f"It was stopped at its time limit so that others are not kept waiting. {_STANDS}",
            "Raise the time limit of the plan, make the window shorter or audit fewer columns.",
            "plan",
            "Open the plan",
        ),
    ),
    (
        (
            r"memory|too large|at most|too wide|no room|more than |larger than|longer than|"
            r"more than \{|GB;"
        ),
        Trouble(
            "too_large",
            "There is more than one run may read",
            f"Reading was stopped so that the machine stays well. {_STANDS}",
            "Make the window shorter, send fewer columns, or let a warehouse aggregate the rows "
            "and hand in the cube.",
            "plan",
            "Open the plan",
        ),
    ),
    (
        r"(changed|removed|rewritten) .*while|(changed|removed) while",
        Trouble(
            "changed",
            "The data changed while it was read",
            f"A result over half-written data would be wrong, so there is none. {_STANDS}",
            "Wait until writing has ended, then run it again.",
            "source",
            "See the source",
        ),
    ),
    (
        r"not open to sources|open (folders|to sources)|No folder is open|has no '\.\.' in it",
        Trouble(
            "closed",
            "The operator has not opened this place",
            f"Sources read only folders and hosts that were opened for them. {_STANDS}",
            "Ask whoever runs this installation to open it (TACTFUL_SOURCE_ROOTS or "
            "TACTFUL_SOURCE_HOSTS), or name another place.",
            "source",
            "See the source",
        ),
    ),
    (
        (
            r"refuse[sd]?\b|broke off|credential|sealed with another key|connection|does not start|"
            r"denied|permission"
        ),
        Trouble(
            "refused",
            "The source refused",
            f"It could be reached or named, but it did not let us read. {_STANDS}",
            "Check the credential and what it may read, then check the source and run it again.",
            "source",
            "Check the source",
        ),
    ),
    (
        r"\bcolumns?\b|\brole\b|parameter|\blimit\b|output_id",
        Trouble(
            "columns",
            "The plan and the data do not fit together",
            f"A column or a parameter is not what the method needs. {_STANDS}",
            "Correct the columns of the source or of the plan, then run it again.",
            "plan",
            "Open the plan",
        ),
    ),
    (
        (
            r"no (such )?(file|object|table)|Nothing has been sent|There is no |No outputs of|"
            r"holds no row|has no rows|is empty\b"
        ),
        Trouble(
            "nothing_there",
            "There is nothing to read for this window",
            f"The source is gone, or no output of this version lies in the window. {_STANDS}",
            "See whether the outputs arrived and carry the right version and time, then run it "
            "again.",
            "outputs",
            "See what has arrived",
        ),
    ),
    (
        (
            r"cannot be read|not readable|breaks off|is a folder|no cell|media type|is not an? |"
            r"looks like|several kinds|does not end in|damaged"
        ),
        Trouble(
            "unreadable",
            "The data is not what it should be",
            f"It could not be read as what it claims to be. {_STANDS}",
            "Send it again in a format that is read here, or correct the source.",
            "source",
            "See the source",
        ),
    ),
    (
        r"fault of the program",
        Trouble(
            "fault",
            "The program itself went wrong",
            f"This is not the fault of your data or your plan. {_STANDS}",
            "Run it again. If it happens twice, tell whoever runs this installation: the worker's "
            "log has the details.",
            "none",
            "",
        ),
    ),
)
_CANCELLED = Trouble(
    "cancelled",
    "The run was cancelled",
    f"Nothing of it is published. {_STANDS}",
    "Run it again when it is wanted.",
    "plan",
    "Open the plan",
)
_OTHER = Trouble(
    "other",
    "The run could not be carried out",
    _STANDS,
    "Put right what the sentence says, then run it again.",
    "plan",
    "Open the plan",
)


def explain_trouble(error: str, *, cancelled: bool = False) -> Trouble:
    """Return what a run's error means; a sentence of no known kind speaks for itself."""
    if cancelled:
        return _CANCELLED
    for pattern, trouble in _KNOWN:
        if re.search(pattern, error, re.IGNORECASE):
            return trouble
    return _OTHER
