"""The built-in checklist as data: 16 items that every system answers; a migration loads them."""

from __future__ import annotations

from typing import Any

TITLE = "Personalisation checklist"
VERSION = 1

_PO, _PRIVACY, _ETHICS = "product_owner", "privacy_lead", "ethics_reviewer"
_ML, _ADMIN, _IC = "ml_engineer", "admin", "incident_commander"


def _item(
    code: str, section: str, question: str, evidence: str, roles: list[str], source: str
) -> dict[str, Any]:
    return {
        "code": code,
        "section": section,
        "question": question,
        "evidence_expected": evidence,
        "roles": roles,
        "source": source,
    }


ITEMS: list[dict[str, Any]] = [
    _item(
        "R-01",
        "respect",
        "Is every purpose of this system named, specific and tied to a standard purpose, "
        "with no catch-all such as a better experience?",
        "The purposes in the register, each with its DPV concept",
        [_PO, _PRIVACY],
        "GDPR 5(1)(b); NIST MAP 1.1; DPV",
    ),
    _item(
        "R-02",
        "respect",
        "Is the lawful basis of each purpose chosen and argued, with consent wherever people "
        "would not expect to be profiled?",
        "A note on the lawful basis; a balancing test where it is legitimate interests",
        [_PRIVACY],
        "GDPR 6, 9",
    ),
    _item(
        "R-03",
        "respect",
        "Is every feature registered with its source, purpose and owner, and was no "
        "undeclared flow seen in the last 30 days?",
        "The register compared with what was observed",
        [_ML],
        "ISO/IEC 42001 A.7.2, A.7.5",
    ),
    _item(
        "R-06",
        "respect",
        "Does every feature have a retention time?",
        "The retention of each feature in the register",
        [_ML, _PRIVACY],
        "GDPR 5(1)(e)",
    ),
    _item(
        "E-01",
        "explain",
        "Are the main parameters of each surface, their weight and their reason written in "
        "plain language where people can read them?",
        "The published text, with the main parameters of each surface",
        [_PO, _PRIVACY],
        "DSA 27(1), 27(2); ISO/IEC 42001 A.8.2",
    ),
    _item(
        "E-02",
        "explain",
        "Is there a short notice of at most two sentences at the point of use, one step from "
        "the full text, and do both say the same?",
        "Screenshots and the version of the notice",
        [_PO],
        "GDPR 12, 13",
    ),
    _item(
        "C-01",
        "control",
        "Does each kind of personalisation here have a toggle of its own?",
        "The toggles that cover the system's purposes",
        [_PO],
        "GDPR 7; DSA 27(3)",
    ),
    _item(
        "C-02",
        "control",
        "Does opting out take no more steps, reading or persistence than opting in?",
        "A click-path test in both directions",
        [_PO, _ETHICS],
        "GDPR 7(3); DSA 25",
    ),
    _item(
        "C-03",
        "control",
        "Is there a variant without profiling, reachable from each surface, that works "
        "without punishing the person?",
        "The fallback version and the variant of each surface",
        [_PO],
        "DSA 38; GDPR 21",
    ),
    _item(
        "C-06",
        "control",
        "Do consent records say who, what was shown, which version, when and how, and can "
        "people download a receipt?",
        "A sample of records and one receipt",
        [_PRIVACY],
        "GDPR 7(1); ISO/IEC TS 27560",
    ),
    _item(
        "V-02",
        "verify",
        "Are selection and error rates compared between groups and their intersections, with "
        "intervals and a smallest group size?",
        "The fairness audit, or the reason why no group data may be used",
        [_ML],
        "NIST MEASURE 2.11",
    ),
    _item(
        "V-09",
        "verify",
        "Does an audit plan with limits, schedule, owner and action on breach watch this "
        "version, and is its last run not overdue?",
        "The plan and its last run",
        [_ML],
        "NIST MEASURE 2.4, 3.1; ISO/IEC 42001 A.6.2.6",
    ),
    _item(
        "G-01",
        "govern",
        "Are a product owner, a privacy lead and an ethics reviewer named, so that nobody "
        "approves their own work?",
        "The owner and members of the system with their roles",
        [_ADMIN],
        "NIST GOVERN 2.1; ISO/IEC 42001 A.3.2",
    ),
    _item(
        "G-02",
        "govern",
        "Are the intended use, the uses it is not made for, and its value written down?",
        "The use case record",
        [_PO],
        "NIST MAP 1.1, 1.4; ISO/IEC 42001 A.9.4",
    ),
    _item(
        "G-07",
        "govern",
        "Are the incident playbook, its contacts, clocks and message templates current?",
        "The version of the playbook and the date it was checked",
        [_IC, _PRIVACY],
        "NIST MANAGE 4.1, 4.3; ISO/IEC 42001 A.8.4",
    ),
    _item(
        "G-12",
        "govern",
        "Is the date of the next review set, at most a year away (half a year for high risk)?",
        "The review date of the system",
        [_ETHICS],
        "NIST GOVERN 1.5; ISO/IEC 42001 A.2.4",
    ),
]
