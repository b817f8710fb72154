"""What the registry accepts as a value: durations, mechanisms by region, standard identifiers."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from governance.registry.choices import Mechanism

ISO_DURATION = r"^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?)?$"
validate_duration = RegexValidator(
    ISO_DURATION, "Write the time as an ISO 8601 duration, such as P90D or P1Y."
)
REGION_PATTERN = r"^(\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$"
REGION = re.compile(REGION_PATTERN)
DPV_NAMESPACE = "https://w3id.org/dpv#"


def validate_region(value: Any) -> None:
    if not isinstance(value, str) or not REGION.match(value):
        raise ValidationError(f"{value!r} is not a region code such as DE, US-CA, EU or *.")


def validate_mechanism(value: Any) -> None:
    """Require an object region -> mechanism with the entry `*` for every other region."""
    if not isinstance(value, dict) or "*" not in value:
        raise ValidationError("Give a mechanism for every region: the entry * is missing.")
    for region, mechanism in value.items():
        validate_region(region)
        if mechanism not in Mechanism.values:
            choices = ", ".join(Mechanism.values)
            raise ValidationError(f"{mechanism!r} is not a mechanism; choose one of {choices}.")


def validate_dpv_iri(value: str) -> None:
    if not value.startswith(DPV_NAMESPACE):
        raise ValidationError(f"A purpose names a DPV concept: the IRI starts {DPV_NAMESPACE}.")
