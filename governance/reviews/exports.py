"""Exports about reviewed versions: evidence, model cards and system cards."""

from __future__ import annotations

from collections.abc import Iterator

from governance.core.exports import NOT_HELD, Cell, Export
from governance.registry.models import ModelVersion, System
from governance.registry.selectors import system_state
from governance.reviews.models import Answer, Approval


def evidence() -> Export:
    """One row an answer of a checklist, with what it rests on."""
    return Export(
        "Evidence of reviews",
        (
            "system",
            "version",
            "checklist",
            "item",
            "question",
            "source",
            "outcome",
            "note",
            "answered_by",
            "answered_at",
            "evidence",
            "evidence_expires",
        ),
        _answers(),
        ("Evidence is named by title and link; the documents themselves are not held.",),
    )


def _answers() -> Iterator[list[Cell]]:
    found = Answer.objects.select_related("run__version__system", "run__checklist", "item")
    ordered = found.order_by(
        "run__version__system__key", "run__version__key", "run__created_at", "item__order"
    )
    for answer in ordered.prefetch_related("evidence"):
        version, held = answer.run.version, list(answer.evidence.all())
        yield [
            version.system.key,
            version.key,
            answer.run.checklist.version,
            answer.item.code,
            answer.item.question,
            answer.item.source,
            answer.outcome,
            answer.note,
            answer.answered_by,
            answer.answered_at.isoformat(),
            [f"{each.title} {each.link}".strip() for each in held],
            [each.expires_at.isoformat() for each in held if each.expires_at],
        ]


def model_cards() -> Export:
    """One row a version: what it is, what it reads, and how its review ended."""
    return Export(
        "Model cards",
        (
            "system",
            "version",
            "state",
            "description",
            "intended_purposes",
            "profiled",
            "features",
            "special_or_proxy_features",
            "training_note",
            "mlflow_uri",
            "registered_by",
            "registered_at",
            "reviews",
            "signed_by",
            "evaluation_data",
            "quantitative_analyses",
        ),
        _versions(),
        (
            (
                "Evaluation data and results are in the reports of audits, which have an export of "
                "their own."
            ),
        ),
    )


def _versions() -> Iterator[list[Cell]]:
    found = ModelVersion.objects.select_related("system").order_by("system__key", "key")
    for version in found.prefetch_related("features", "system__purposes", "approvals__steps"):
        features = sorted(version.features.all(), key=lambda each: each.key)
        reviews: list[Approval] = list(version.approvals.all())
        yield [
            version.system.key,
            version.key,
            version.state,
            version.description,
            sorted(each.key for each in version.system.purposes.all()),
            version.profiled,
            [each.key for each in features],
            [f"{each.key}: {each.sensitivity}" for each in features if each.sensitivity != "none"],
            version.training_note,
            version.mlflow_uri,
            version.registered_by,
            version.created_at.isoformat(),
            [f"{each.created_at.date()}: {each.state}" for each in reviews],
            sorted(
                f"{step.role}: {step.decided_by}" for each in reviews for step in each.steps.all()
            ),
            NOT_HELD,
            NOT_HELD,
        ]


def system_cards() -> Export:
    """One row a system: what it does to whom, what stops it, and how it stands now."""
    return Export(
        "System cards",
        (
            "system",
            "title",
            "description",
            "owner",
            "risk_tier",
            "status",
            "surfaces",
            "objectives",
            "main_parameters",
            "alternative_without_profiling",
            "on_pause",
            "serving_version",
            "fallback_version",
            "purposes",
            "waivers_in_force",
        ),
        _systems(),
        ("What teams entered, as they entered it; nothing here was measured.",),
    )


def _systems() -> Iterator[list[Cell]]:
    found = System.objects.select_related("owner", "serving_version", "fallback_version")
    for system in found.order_by("key").prefetch_related("surfaces", "purposes", "waivers"):
        surfaces = sorted(system.surfaces.all(), key=lambda each: each.key)
        serving, fallback = system.serving_version, system.fallback_version
        yield [
            system.key,
            system.title,
            system.description,
            str(system.owner) if system.owner_id else "",
            system.risk_tier,
            str(system_state(system).state),
            [each.key for each in surfaces],
            [each.objective for each in surfaces if each.objective],
            [str(one["name"]) for each in surfaces for one in each.main_parameters],
            [each.non_profiled_variant for each in surfaces if each.non_profiled_variant],
            system.on_pause,
            serving.key if serving else "",
            fallback.key if fallback else "",
            sorted(each.key for each in system.purposes.all()),
            [
                f"{each.item_code} until {each.expires_at.date()}"
                for each in system.waivers.all()
                if each.granted_at and not each.revoked_at
            ],
        ]
