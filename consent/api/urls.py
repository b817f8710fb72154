"""API routes of consent, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from consent.api import (
    audience,
    events,
    interests,
    me,
    notices,
    receipts,
    recipients,
    subjects,
    views,
    withdrawal_links,
)
from governance.people.web.access import public_route

app_name = "consent-api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("consent/events", events.ConsentEvents.as_view(), name="events"),
    path("consent/subjects/merge", subjects.MergeSubjects.as_view(), name="merge"),
    path("consent/subjects/<path:subject>", subjects.ConsentSubject.as_view(), name="subject"),
    path("consent/audience", audience.ConsentAudience.as_view(), name="audience"),
    path("consent/check", views.ConsentCheck.as_view(), name="check"),
    path("consent/me", me.Me.as_view(), name="me"),
    path(
        "consent/withdrawal-links",
        withdrawal_links.WithdrawalLinks.as_view(),
        name="withdrawal-links",
    ),
    path("consent/interests", interests.Interests.as_view(), name="interests"),
    path("consent/receipts/check", receipts.CheckReceipt.as_view(), name="check-receipt"),
    path("consent/receipts/<uuid:event_id>", receipts.ConsentReceipt.as_view(), name="receipt"),
    path("consent/recipients", recipients.Recipients.as_view(), name="recipients"),
    path(
        "consent/recipients/<uuid:pk>/people",
        recipients.RecipientPeople.as_view(),
        name="recipient-people",
    ),
    path(
        "consent/recipients/<uuid:pk>/confirm",
        public_route("the code of the webhook's message is the proof")(
            recipients.ConfirmRecipient.as_view()
        ),
        name="confirm-recipient",
    ),
    path("notices", notices.Notices.as_view(), name="notices"),
    path("consent/may-ask/<slug:key>", notices.MayAsk.as_view(), name="may-ask"),
    path("notices/<slug:key>", notices.Notice.as_view(), name="notice"),
    path("notices/<slug:key>/publish", notices.PublishNotice.as_view(), name="publish-notice"),
    path("notices/<slug:key>/served", notices.ServeNotice.as_view(), name="served-notice"),
    path("subject-tokens", views.SubjectTokens.as_view(), name="subject-tokens"),
]
