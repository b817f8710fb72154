"""The registry's tables, one module a noun. State changes live in services."""

from governance.registry.models.features import DataFlow, Feature
from governance.registry.models.holds import Hold
from governance.registry.models.people_notices import PeopleNotice
from governance.registry.models.rules import AgeRule, RegionRule
from governance.registry.models.systems import ModelVersion, System
from governance.registry.models.vocabulary import PersonalizationType, Purpose, Surface

__all__ = [
    "AgeRule",
    "DataFlow",
    "Feature",
    "Hold",
    "ModelVersion",
    "PeopleNotice",
    "PersonalizationType",
    "Purpose",
    "RegionRule",
    "Surface",
    "System",
]
