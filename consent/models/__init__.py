"""Tables of the person's side. Written by `services`; read without the ORM by `slowpath`."""

from consent.models.events import ConsentEvent, ConsentState
from consent.models.notices import NoticeText, NoticeVersion
from consent.models.subjects import DataSubject, SubjectAccess, SubjectSalt, Suppression
from consent.models.tokens import IssuedToken, TokenUse

__all__ = [
    "ConsentEvent",
    "ConsentState",
    "DataSubject",
    "IssuedToken",
    "NoticeText",
    "NoticeVersion",
    "SubjectAccess",
    "SubjectSalt",
    "Suppression",
    "TokenUse",
]
