"""The bodies of the REST doors: what comes in and goes out. Rules stand in services."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from consent.decision.vocabulary import SPOKEN_STATUSES
from consent.selectors import MOST_SUBJECTS


class EventIn(serializers.Serializer[Any]):
    subject = serializers.CharField(max_length=1024, trim_whitespace=False)
    purpose = serializers.CharField(max_length=63, required=False)
    type = serializers.CharField(max_length=63, required=False)
    status = serializers.ChoiceField([str(each) for each in SPOKEN_STATUSES])
    method = serializers.CharField(max_length=20)
    notice_version = serializers.CharField(max_length=63, required=False, allow_null=True)
    occurred_at = serializers.DateTimeField(required=False, allow_null=True)
    region = serializers.CharField(max_length=6, required=False, allow_null=True)
    gpc = serializers.BooleanField(required=False, allow_null=True, default=None)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    evidence = serializers.DictField(required=False, allow_null=True)


class EventOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    revision = serializers.IntegerField()
    as_of = serializers.CharField()
    receipt = serializers.CharField(help_text="A signed record (compact JWS, EdDSA).")


class CheckIn(serializers.Serializer[Any]):
    subjects = serializers.ListField(
        child=serializers.CharField(max_length=1024, trim_whitespace=False),
        max_length=MOST_SUBJECTS,
    )
    purpose = serializers.CharField(max_length=63, required=False)
    system = serializers.CharField(max_length=63, required=False)
    region = serializers.CharField(max_length=10, required=False, default="", allow_blank=True)
    gpc = serializers.BooleanField(required=False, default=False)
    as_of = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)


class CheckResult(serializers.Serializer[Any]):
    subject = serializers.CharField()
    outcome = serializers.CharField()
    reason = serializers.CharField()
    revision = serializers.IntegerField()


class CheckOut(serializers.Serializer[Any]):
    results = CheckResult(many=True)
    as_of = serializers.CharField()


class TokenIn(serializers.Serializer[Any]):
    subject = serializers.CharField(max_length=1024, trim_whitespace=False)
    purposes = serializers.ListField(
        child=serializers.CharField(max_length=63), required=False, default=list
    )
    origin = serializers.CharField(max_length=200)
    ttl = serializers.IntegerField(
        required=False, default=300, min_value=1, max_value=900, help_text="Seconds."
    )


class TokenOut(serializers.Serializer[Any]):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class SubjectChoice(serializers.Serializer[Any]):
    purpose = serializers.CharField(source="purpose.key")
    status = serializers.CharField()
    revision = serializers.IntegerField()
    decided_at = serializers.DateTimeField()
    notice_version = serializers.CharField()
    expires_at = serializers.DateTimeField()


class SubjectEvent(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    occurred_at = serializers.DateTimeField()
    purpose = serializers.CharField(source="purpose.key")
    status = serializers.CharField()
    revision = serializers.IntegerField()
    method = serializers.CharField()
    notice_version = serializers.CharField()
