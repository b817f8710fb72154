"""The demo's eligibility system: real mortgage applications, a finding, never an auto-pause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from audits.services import create_plan, push_outputs
from config.demo import loans
from config.demo.data import loan_applications, log_lines
from config.demo.people import SignIn
from governance.core.clock import database_now
from governance.registry import services as registry
from governance.registry.choices import (
    DsaScope,
    FlowKind,
    LawfulBasis,
    Mechanism,
    OnPause,
    RiskTier,
    SurfaceKind,
    Technique,
)
from governance.registry.models import ModelVersion, System

SYSTEM = "loan-eligibility"
VERSION = "logistic-5-fold"
PLAN = "loan-selection"
LIMIT = "selection_rate_ratio>=0.80"
PRIMARY = {"metric": "selection_rate_ratio", "of": {"race": "Black"}, "to": {"race": "white"}}

WAIVED = {
    "C-01": "The assessment is asked for by the applicant, so there is no toggle; a person can "
    "be asked for instead.",
    "C-03": "There is no second model: while the system is held, each case goes to a person.",
}


def register(people: dict[str, SignIn]) -> tuple[System, ModelVersion]:
    """Register purpose, surface, system, version, features and flow."""
    owner, engineer, privacy = people["ada"], people["max"], people["pia"].actor
    purpose = registry.register_purpose(
        key="loan-assessment",
        title="Assess an application for a mortgage",
        description="Estimate whether an application meets the bank's own practice of approval.",
        dpv_iri="https://w3id.org/dpv#CreditChecking",
        fideslang_use="essential.service",
        lawful_basis=LawfulBasis.CONTRACT,
        mechanism={"*": Mechanism.NOTICE_ONLY},
        actor=privacy,
    )
    surface = registry.register_surface(
        key="loan-application",
        title="Mortgage application",
        kind=SurfaceKind.DECISION,
        objective="Agreement with the bank's recorded decisions",
        main_parameters=[
            {"name": title, "description": f"{title} as stated.", "importance": "medium"}
            for title in loans.FEATURES.values()
        ],
        non_profiled_variant="A person decides (the system holds each case for a human)",
        dsa_scope=DsaScope.NOT_APPLICABLE,
        purposes=[purpose],
        actor=engineer.actor,
    )
    system = registry.register_system(
        key=SYSTEM,
        title="Loan eligibility",
        description="1,989 real mortgage applications, Boston 1990 (loanapp, Hunter and Walker "
        "1996, in Wooldridge's textbook data). Refuses the lowest 15 % of the scores.",
        on_pause=OnPause.HOLD_FOR_HUMAN,
        risk_tier=RiskTier.LOW,
        surfaces=[surface],
        purposes=[purpose],
        owner=owner.user,
        review_due=(datetime.now(UTC) + timedelta(days=180)).date(),
        actor=engineer.actor,
    )
    features = [
        registry.register_feature(
            key=f"loan-{column}",
            title=title,
            source="application form",
            systems=[system],
            allowed_purposes=[purpose],
            technique=Technique.RAW,
            retention="P5Y",
            owner=engineer.user,
            actor=engineer.actor,
        )
        for column, title in loans.FEATURES.items()
    ]
    registry.register_flow(
        key="loan-form",
        system=system,
        source="Application form",
        destination="Loan eligibility",
        kind=FlowKind.SERVE,
        categories=["financial"],
        purpose=purpose,
        actor=engineer.actor,
    )
    version = registry.register_version(
        system=system,
        key=VERSION,
        description="Logistic regression on 16 columns; race, sex, age, marriage and family are "
        "left out. Scores are out of fold, five folds by seed 0.",
        profiled=True,
        features=features,
        actor=engineer.actor,
    )
    return system, version


def declare_plan(
    *, system: System, version: ModelVersion, people: dict[str, SignIn], day: datetime
) -> None:
    """Declare the one primary comparison before anything is scored."""
    create_plan(
        key=PLAN,
        title="Are Black applicants accepted as often as white ones?",
        system=system,
        version=version,
        method="fairness.groups",
        parameters={"primary": PRIMARY},
        columns={"group": ["race", "sex"], "y_pred": ["y_pred"], "y_true": ["y_true"]},
        limits=[{"limit": LIMIT, "severity": "fail"}],
        limits_note="0.80 is the US four-fifths rule of thumb, a convention and not a legal limit "
        "for loans. Black to white was declared as the primary comparison beforehand.",
        starts_at=day,
        ends_at=day + timedelta(days=1),
        length=timedelta(days=1),
        planned_looks=1,
        backfill=True,
        on_breach="finding",
        owner=people["max"].user,
        actor=people["max"].actor,
    )


def score_and_push(
    *, wheel: Path, system: System, version: ModelVersion, people: dict[str, SignIn], at: datetime
) -> None:
    """Train, score out of fold and send the decisions; note how far the seed moves the ratio."""
    rows = loan_applications(wheel)
    decided = loans.outputs(rows, at)
    low, high = loans.sensitivity_to_the_seed(rows)
    registry.update_version(
        version=version,
        training_note=f"Trained {database_now():%Y-%m-%d}. Over splits by seeds 1 to 9 the Black "
        f"to white selection ratio lies between {low:.3f} and {high:.3f}.",
        actor=people["max"].actor,
    )
    push_outputs(
        system=system,
        version=version,
        data=log_lines(decided),
        media_type="application/x-ndjson",
        actor=people["max"].actor,
    )
