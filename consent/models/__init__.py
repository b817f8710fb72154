"""Tables of the person's side. Written by `services`; read without the ORM by `slowpath`."""

from consent.models.complaints import Complaint
from consent.models.events import ConsentEvent, ConsentState
from consent.models.hosts import ConsentChange, ServingHost
from consent.models.imports import ImportBatch
from consent.models.interests import Interest, InterestReset
from consent.models.notices import (
    NoticePurpose,
    NoticeText,
    NoticeVersion,
    ServedChoice,
    ServedNotice,
)
from consent.models.recipients import Recipient, RecipientNotice, RecipientPerson
from consent.models.samples import DecisionSample
from consent.models.subjects import DataSubject, SubjectAccess, SubjectSalt, Suppression
from consent.models.tokens import IssuedToken, TokenUse

__all__ = [
    "Complaint",
    "ConsentChange",
    "ConsentEvent",
    "ConsentState",
    "DataSubject",
    "DecisionSample",
    "ImportBatch",
    "Interest",
    "InterestReset",
    "IssuedToken",
    "NoticePurpose",
    "NoticeText",
    "NoticeVersion",
    "Recipient",
    "RecipientNotice",
    "RecipientPerson",
    "ServedChoice",
    "ServedNotice",
    "ServingHost",
    "SubjectAccess",
    "SubjectSalt",
    "Suppression",
    "TokenUse",
]
