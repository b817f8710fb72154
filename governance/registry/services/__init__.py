"""Every change of the registry: one function a change, atomic, with its ledger entry inside."""

from governance.registry.services.features import (
    observe_flow,
    register_feature,
    register_flow,
    update_feature,
    update_flow,
)
from governance.registry.services.holds import (
    approve_hold,
    escalate_overdue_holds,
    place_hold,
    propose_release,
    release_hold,
    renew_holds,
)
from governance.registry.services.people_notices import publish_people_notice
from governance.registry.services.rules import (
    end_age_rule,
    end_region_rule,
    set_age_rule,
    set_region_rule,
)
from governance.registry.services.systems import (
    register_system,
    register_version,
    set_fallback_version,
    set_serving_version,
    set_version_state,
    update_system,
    update_version,
)
from governance.registry.services.vocabulary import (
    register_purpose,
    register_surface,
    register_type,
    update_purpose,
    update_surface,
    update_type,
)

__all__ = [
    "approve_hold",
    "end_age_rule",
    "end_region_rule",
    "escalate_overdue_holds",
    "observe_flow",
    "place_hold",
    "propose_release",
    "publish_people_notice",
    "register_feature",
    "register_flow",
    "register_purpose",
    "register_surface",
    "register_system",
    "register_type",
    "register_version",
    "release_hold",
    "renew_holds",
    "set_age_rule",
    "set_fallback_version",
    "set_region_rule",
    "set_serving_version",
    "set_version_state",
    "update_feature",
    "update_flow",
    "update_purpose",
    "update_surface",
    "update_system",
    "update_type",
    "update_version",
]
