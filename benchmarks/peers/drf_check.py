"""The consent check as a Django team would write it first: APIView, token, ORM.

It answers the same question with the same rule; only the way to the facts differs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.conf import settings  # noqa: E402  (models must be ready first)
from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.authentication import TokenAuthentication  # noqa: E402
from rest_framework.exceptions import NotFound  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from consent.decision import doors  # noqa: E402
from consent.decision.facts import (  # noqa: E402
    ANONYMOUS,
    Catalogue,
    ChoiceFacts,
    Circumstances,
    HoldFacts,
    PersonFacts,
    PurposeFacts,
    RegionRule,
)
from consent.decision.precedence import decide_purpose  # noqa: E402
from consent.decision.vocabulary import Outcome, Status  # noqa: E402
from consent.identity import fingerprint_of, pseudonym_of  # noqa: E402
from consent.models import ConsentState, DataSubject, NoticeVersion, Suppression  # noqa: E402
from consent.slowpath.reading import notice_facts  # noqa: E402
from governance.core.clock import database_now  # noqa: E402
from governance.registry.models import Purpose  # noqa: E402
from governance.registry.standards import is_electronic_marketing  # noqa: E402


class ContextSerializer(serializers.Serializer[dict[str, Any]]):
    """The evaluation context."""

    targetingKey = serializers.CharField(max_length=1024)  # noqa: N815  (OFREP's word)
    region = serializers.CharField(required=False, default="", max_length=10)
    gpc = serializers.BooleanField(required=False, default=False)


class QuestionSerializer(serializers.Serializer[dict[str, Any]]):
    """The body of the request."""

    context = ContextSerializer()  # type: ignore[assignment]  # the field's name is the API's word


def _purpose(key: str, now: datetime) -> PurposeFacts:
    row = Purpose.objects.prefetch_related("types").filter(key=key).first()
    if row is None:
        raise NotFound(f"There is no purpose {key!r}.")
    published = NoticeVersion.objects.filter(purposes=row, published_at__isnull=False)
    notices = published.order_by("-published_at").values_list("key", "material", "published_at")
    return PurposeFacts(
        key=row.key,
        lawful_basis=row.lawful_basis,
        needs_device_access=row.needs_device_access,
        electronic_marketing=is_electronic_marketing(row.dpv_iri, row.fideslang_use),
        rules=tuple(
            RegionRule(rule.region, rule.regime, rule.valid_from, rule.valid_until)
            for rule in row.region_rules.all()
        ),
        gpc_covers=row.gpc_covers,
        active=row.state == "published",
        types=tuple(kind.key for kind in row.types.all()),
        holds=tuple(
            HoldFacts(
                str(hold.pk),
                Outcome(hold.effect) if hold.effect else None,
                hold.cause,
                hold.incident_reference,
            )
            for hold in row.holds.filter(released_at__isnull=True)
        ),
        notice=notice_facts(
            [(name, material, at) for name, material, at in notices if at and at <= now]
        ),
    )


def _person(external_id: str, purpose: str) -> PersonFacts:
    ring = settings.KEYS
    pseudonym = pseudonym_of(ring.subject_pepper, external_id)
    fingerprint = fingerprint_of(ring.fingerprint_key, pseudonym)
    erased = Suppression.objects.filter(fingerprint=fingerprint).exists()
    subject = DataSubject.objects.filter(pseudonym=pseudonym).first()
    if subject is None:
        return PersonFacts(erased=True) if erased else ANONYMOUS
    states = ConsentState.objects.select_related("purpose").filter(
        subject=subject, purpose__key=purpose, revision__gt=0
    )
    return PersonFacts(
        erased=erased,
        restricted=subject.restricted_at is not None,
        age_band=subject.age_band,
        gpc=subject.gpc,
        region=subject.region,
        choices={
            state.purpose.key: ChoiceFacts(
                status=Status(state.status),
                revision=state.revision,
                decided_at=state.decided_at,
                notice_version=state.notice_version,
                gpc_at_choice=state.gpc_at_choice,
                expires_at=state.expires_at,
            )
            for state in states
            if state.decided_at is not None
        },
    )


class CheckView(APIView):
    """May this purpose be personalised for this person?"""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def post(self, request: Request, key: str) -> Response:
        """Answer one flag."""
        question = QuestionSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        context = question.validated_data["context"]
        now = database_now()
        catalogue = Catalogue(purposes={key: _purpose(key, now)})
        moment = Circumstances(now=now, region=context["region"], gpc=context["gpc"], surface="")
        decision = decide_purpose(catalogue, key, _person(context["targetingKey"], key), moment)
        return Response(doors.purpose_flag(key, decision, ""))


urlpatterns = [path("check/<slug:key>", CheckView.as_view())]
