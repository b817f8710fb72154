"""The fashion recommender of the demo: what is registered, declared and logged about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from audits.services import create_plan, push_outputs
from config.demo.data import ARMS, DAYS, fashion_day, log_lines
from config.demo.people import SignIn
from governance.registry import services as registry
from governance.registry.choices import (
    DsaScope,
    FlowKind,
    LawfulBasis,
    Mechanism,
    OnPause,
    SurfaceKind,
    Technique,
)
from governance.registry.models import ModelVersion, PersonalizationType, System

SYSTEM = "fashion-carousel"
PLAN = "fashion-exposure"
SEGMENT_PLAN = "fashion-segments"
LIMIT = "top_share<=0.30"
CATALOGUE = 80


def register(people: dict[str, SignIn]) -> tuple[System, ModelVersion, ModelVersion]:
    """Register purpose, surface, system, both versions, features and flows."""
    owner, engineer, privacy = people["ada"], people["max"].actor, people["pia"].actor
    purpose = registry.register_purpose(
        key="fashion-ranking",
        title="Choose which fashion items to show",
        description="Order the items of the carousel by how often they are clicked.",
        dpv_iri="https://w3id.org/dpv#ProvideProductRecommendations",
        fideslang_use="personalize.content.limited",
        lawful_basis=LawfulBasis.LEGITIMATE_INTERESTS,
        mechanism={"*": Mechanism.OPT_OUT},
        actor=privacy,
    )
    suggestions = PersonalizationType.objects.get(key="product_suggestions")
    registry.update_type(
        type=suggestions, purposes=[*suggestions.purposes.all(), purpose], actor=privacy
    )
    surface = registry.register_surface(
        key="fashion-home",
        title="Fashion carousel on the home page",
        kind=SurfaceKind.RECOMMENDATIONS,
        objective="Clicks on the three items shown",
        main_parameters=[
            {
                "name": "Clicks so far",
                "description": "Items that were clicked more often are shown more often.",
                "importance": "high",
            },
            {
                "name": "Chance",
                "description": "Items with few showings are tried at random.",
                "importance": "medium",
            },
        ],
        non_profiled_variant="Items chosen uniformly at random (version uniform)",
        dsa_scope=DsaScope.VOLUNTARY,
        purposes=[purpose],
        actor=engineer,
    )
    system = registry.register_system(
        key=SYSTEM,
        title="Fashion carousel",
        description="Shows 3 of 80 items. Logs: ZOZOTOWN, 24 to 30 November 2019, campaign all "
        "(Saito and others, Open Bandit Dataset).",
        on_pause=OnPause.NON_PROFILED,
        surfaces=[surface],
        purposes=[purpose],
        owner=owner.user,
        review_due=(datetime.now(UTC) + timedelta(days=180)).date(),
        actor=engineer,
    )
    features = [
        registry.register_feature(
            key=key,
            title=title,
            source="serving log",
            systems=[system],
            allowed_purposes=[purpose],
            technique=Technique.AGGREGATED,
            retention="P90D",
            owner=people["max"].user,
            actor=engineer,
        )
        for key, title in (
            ("item-clicks", "Clicks of each item, over all visitors"),
            ("item-showings", "Showings of each item, over all visitors"),
        )
    ]
    registry.register_flow(
        key="carousel-log",
        system=system,
        source="Storefront",
        destination="Serving log",
        kind=FlowKind.INGRESS,
        categories=["impressions", "clicks"],
        purpose=purpose,
        actor=engineer,
    )
    registry.register_flow(
        key="carousel-ranking",
        system=system,
        source="Serving log",
        destination="Fashion carousel",
        kind=FlowKind.SERVE,
        categories=["counts by item"],
        purpose=purpose,
        actor=engineer,
    )
    thompson = registry.register_version(
        system=system,
        key="thompson",
        description="Thompson sampling. It adapts to what everybody clicks; it does not profile: "
        "no feature of a person enters it.",
        profiled=False,
        features=features,
        actor=engineer,
    )
    uniform = registry.register_version(
        system=system,
        key="uniform",
        description="Every item with the same chance. The non-profiled variant and the fallback.",
        profiled=False,
        features=[],
        actor=engineer,
    )
    return system, thompson, uniform


def push_history(*, wheel: Path, system: System, version: ModelVersion, engineer: SignIn) -> None:
    """Send the seven days the production arm has already served."""
    if version.key not in ARMS:
        raise KeyError(version.key)
    for day in DAYS:
        push_outputs(
            system=system,
            version=version,
            data=log_lines(fashion_day(wheel, version.key, day)),
            media_type="application/x-ndjson",
            actor=engineer.actor,
        )


def declare_segment_plan(
    *, system: System, version: ModelVersion, people: dict[str, SignIn]
) -> None:
    """Declare the comparison of click rates by segment over the whole week; clicks are few."""
    start = datetime.fromisoformat(DAYS[0]).replace(tzinfo=UTC)
    week = timedelta(days=len(DAYS))
    create_plan(
        key=SEGMENT_PLAN,
        title="Do all segments click equally often?",
        system=system,
        version=version,
        method="fairness.groups",
        parameters={"metrics": ["selection_rate"]},
        columns={"group": ["segment"], "y_pred": ["clicked"]},
        limits=[{"limit": "selection_rate_difference<=0.005", "severity": "fail"}],
        limits_note="Half a percentage point, about the click rate itself. Segments are published "
        "as hashes; nobody knows what they stand for.",
        starts_at=start,
        ends_at=start + week,
        length=week,
        every=week,
        backfill=True,
        planned_looks=1,
        on_breach="finding",
        owner=people["max"].user,
        actor=people["max"].actor,
    )


def declare_plan(*, system: System, version: ModelVersion, people: dict[str, SignIn]) -> None:
    """Declare what is watched: the share of impressions of the eight most shown items, by day."""
    start = datetime.fromisoformat(DAYS[0]).replace(tzinfo=UTC)
    create_plan(
        key=PLAN,
        title="How concentrated is what people are shown?",
        system=system,
        version=version,
        method="exposure.popularity",
        parameters={"top_fraction": 0.1, "catalogue_size": CATALOGUE},
        columns={"item": ["item"]},
        limits=[{"limit": LIMIT, "severity": "fail"}],
        limits_note="Showing every item equally often gives 0.10 plus the luck of the draw. The "
        "limit of 0.30 was set knowing that the logged days lie between 0.5 and 0.65.",
        zone="UTC",
        starts_at=start,
        ends_at=start + timedelta(days=len(DAYS)),
        length=timedelta(days=1),
        every=timedelta(days=1),
        backfill=True,
        planned_looks=len(DAYS),
        on_breach="auto_contain",
        owner=people["max"].user,
        actor=people["max"].actor,
    )
