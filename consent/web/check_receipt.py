"""A page where anybody checks a receipt: in words, what it proves and what it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods

from consent.receipts.proof import PROOF, NotAReceipt, read_receipt
from consent.receipts.selectors import check_receipt, issuer
from consent.tokens import TokenRefused, verify_compact
from consent.web.opening import frame, in_page_language
from consent.web.texts import PURPOSES_DE, STATUSES, TEXTS, refusal_text
from governance.ledger.keys import own_verifier_key
from governance.ledger.notes import open_checkpoint
from governance.people.web.access import public_route
from governance.people.web.throttling import MINUTE, is_within

LONGEST = 200_000
CHECKS_A_MINUTE = 30


@dataclass
class Finding:
    """What checking a text found, in the reader's words."""

    faults: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    proven: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.faults


@public_route("anybody may check a receipt; it names nobody, and only a count is kept, a minute")
@require_http_methods(["GET", "POST"])
@in_page_language
def check(request: HttpRequest, language: str) -> HttpResponse:
    """Check a receipt that is pasted or chosen as a file."""
    context = frame(request, language)
    if request.method == "POST":
        if not is_within(request, what="receipt check", most=CHECKS_A_MINUTE):
            context["problem"] = TEXTS[language]["check_often"]
            answer = render(request, "consent/receipt_check.html", context, status=429)
            answer["Retry-After"] = str(MINUTE)
            return answer
        text, problem = _given(request, language)
        context |= {"text": text, "problem": problem}
        if not problem:
            context["finding"] = examine(text, language)
    return render(request, "consent/receipt_check.html", context)


def _given(request: HttpRequest, language: str) -> tuple[str, str]:
    """The text to check, and what is wrong with it as such."""
    words = TEXTS[language]
    chosen = request.FILES.get("file")
    if chosen is not None and (chosen.size or 0) > LONGEST:
        return "", words["check_long"]
    raw = chosen.read(LONGEST) if chosen is not None else b""
    text = raw.decode("utf-8", "replace") or request.POST.get("receipt", "")
    if len(text) > LONGEST:
        return "", words["check_long"]
    return text.strip(), "" if text.strip() else words["check_empty"]


def examine(text: str, language: str) -> Finding:
    """Check a receipt, as a document or in its short form, and say in words what that shows."""
    words = TEXTS[language]
    compact = not text.startswith("{") and all(each.count(".") == 2 for each in text.split())
    try:
        finding = _short_form(text, language) if compact else _document(text, language)
    except NotAReceipt as problem:
        return Finding(faults=[refusal_text(str(problem), language)])
    finding.unproven += [words[f"check_not_{each}"] for each in ("valid", "latest", "who")]
    return finding


def _document(text: str, language: str) -> Finding:
    words = TEXTS[language]
    receipt = read_receipt(text)
    finding = Finding(faults=[refusal_text(each, language) for each in check_receipt(receipt)])
    if not finding.holds:
        return finding
    finding.told = list(_told(receipt["dpv:hasRecordOfActivity"], language))
    finding.proven.append(words["check_signed"])
    proof = receipt[PROOF]
    if "ledger" in proof:
        head = open_checkpoint(proof["ledger"]["checkpoint"], own_verifier_key())
        place = {"position": proof["ledger"]["position"], "size": head.size}
        finding.proven.append(words["check_in_ledger"].format(**place))
    else:
        by = _moment(str(proof.get("ledger_promised_by", "")))
        finding.unproven.append(words["check_promised"].format(by=by))
    keys = issuer().url + reverse("consent:keys")
    finding.proven.append(words["check_offline"].format(keys=keys))
    return finding


def _short_form(text: str, language: str) -> Finding:
    """The compact signature that recording a choice answers with: several choices of one act."""
    words = TEXTS[language]
    try:
        # One line for each notice that the act was about.
        events = [
            event
            for line in text.split()
            for event in verify_compact(settings.KEYS.receipt_key.public_key(), line)["events"]
        ]
    except (TokenRefused, KeyError, TypeError):
        changed = "The receipt was changed, or another installation signed it."
        return Finding(faults=[refusal_text(changed, language)])
    finding = Finding(proven=[words["check_signed"]], unproven=[words["check_compact"]])
    for event in events:
        finding.told += [
            (words["check_purpose"], _purpose(event["purpose"], event["purpose"], language)),
            (words["check_status"], STATUSES[language].get(event["status"], event["status"])),
            (words["check_at"], _moment(event["occurred_at"])),
        ]
    return finding


def _told(record: dict[str, Any], language: str) -> list[tuple[str, str]]:
    words = TEXTS[language]
    status = str(record["tactful:status"])
    key = str(record["tactful:purpose"])
    purpose = record["dpv:hasProcess"]["dpv:hasPurpose"].get("dct:title", key)
    told = [
        (words["check_purpose"], _purpose(key, str(purpose), language)),
        (words["check_status"], STATUSES[language].get(status, status)),
        (words["check_at"], _moment(str(record["dct:created"]))),
        (
            words["check_revision"],
            words["check_revision_is"].format(n=record["tactful:revision"]),
        ),
    ]
    notice = record.get("dpv:hasNotice")
    if notice:
        told.append((words["check_notice"], str(notice["dct:identifier"])))
    return told


def _purpose(key: str, title: str, language: str) -> str:
    return PURPOSES_DE[key][0] if language == "de" and key in PURPOSES_DE else title


def _moment(text: str) -> str:
    moment = parse_datetime(text) if text else None
    return f"{date_format(moment, 'DATETIME_FORMAT')} UTC" if isinstance(moment, datetime) else text
