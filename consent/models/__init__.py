"""Tables of the person's side. Writing stands in `services`; `slowpath` reads them without the ORM."""

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
