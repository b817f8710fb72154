"""A system ready for review, for the tests of reviews: registered by Max, owned by Ada."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from governance.core.actors import SystemActor
from governance.registry import services as registry
from governance.registry.models import ModelVersion, Purpose, System
from governance.reviews import services
from governance.reviews.models import Approval, ChecklistItem
from governance.reviews.services import EvidenceInput

if TYPE_CHECKING:
    from tests.cast import Cast

STAGE = SystemActor("tests")


def make_system(cast: Cast, key: str = "carousel") -> System:
    """A system with one surface, one feature, one flow, a version v1 and the fallback plain."""
    purpose = Purpose.objects.get(key="product_suggestions")
    surface = registry.register_surface(
        key=f"{key}-home",
        title="Home",
        kind="recommendations",
        non_profiled_variant="Most recent first",
        purposes=[purpose],
        actor=STAGE,
    )
    system = registry.register_system(
        key=key,
        title="Carousel",
        on_pause="non_profiled",
        owner=cast.ada,
        surfaces=[surface],
        review_due=timezone.now().date() + timedelta(days=100),
        actor=STAGE,
    )
    cast.join(key)
    engineer = cast.actor("max")
    feature = registry.register_feature(
        key=f"{key}-clicks",
        title="Clicks",
        source="serving log",
        systems=[system],
        allowed_purposes=[purpose],
        retention="P90D",
        owner=cast.max,
        actor=engineer,
    )
    registry.register_flow(
        key=f"{key}-log",
        system=system,
        source="Shop",
        destination="Log",
        kind="ingress",
        categories=["clicks"],
        purpose=purpose,
        actor=engineer,
    )
    registry.register_version(system=system, key="v1", features=[feature], actor=engineer)
    plain = registry.register_version(system=system, key="plain", profiled=False, actor=engineer)
    registry.set_fallback_version(system=system, version=plain, actor=STAGE, reason="first")
    system.refresh_from_db()
    cast.person("pia")
    return system


def version_of(system: System, key: str = "v1") -> ModelVersion:
    return ModelVersion.objects.select_related("system").get(system=system, key=key)


def answer_all(review: Approval) -> None:
    """Give every item a good answer with evidence."""
    for item in ChecklistItem.objects.filter(checklist=review.run.checklist):
        services.answer_item(
            review=review,
            code=item.code,
            outcome="pass",
            evidence=[EvidenceInput(title="Record of the review")],
            actor=STAGE,
        )


def approve_version(cast: Cast, version: ModelVersion) -> Approval:
    """Through the whole review: answers, Ada's and Elif's signatures."""
    review = services.start_review(version=version, actor=cast.actor("max"))
    answer_all(review)
    services.approve(approval=review, actor=cast.actor("ada"))
    return services.approve(approval=review, actor=cast.actor("elif"))
