"""Carrying out orders that move an alias: taken under a lease, moved under a lock, noted fenced.

It runs beside the relay in threads of its own and needs no broker, so that containment waits
neither for a busy queue nor for one that is away; a task looks for what it left lying. The calls
are made outside any transaction. Orders by webhook leave through the webhook senders instead.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections, connection, models, transaction
from django.db.models import F
from django.db.models.functions import Now

from governance.core.actors import SystemActor
from governance.core.errors import DomainError
from governance.ledger.services import record_entry
from governance.outbox.webhooks.ladders import wait_after
from governance.registry.choices import VersionState
from governance.registry.models import ModelVersion
from incidents.choices import OrderState, TargetKind
from incidents.levers.mlflow import Mlflow, MlflowProblem, Moved, Wish, move_alias, version_number
from incidents.levers.secrets import unseal
from incidents.models import ServingTarget, TargetOrder
from incidents.services.orders import give_up_order, settle_orders
from incidents.services.targets import settle_containment

logger = logging.getLogger(__name__)

MACHINE = SystemActor("incidents")
#: Who died while carrying an order out gives it back after this long; a living one is done before.
LEASE = timedelta(seconds=60)
BUSY = timedelta(seconds=1)
POLL_SECONDS = 0.25
AT_ONCE = 4


def take_order(*, overdue: timedelta = timedelta()) -> TargetOrder | None:
    """Take the first order that is due, under a lease; its number of attempts is the fence."""
    with transaction.atomic():
        order = (
            TargetOrder.objects.filter(
                state=OrderState.PENDING,
                target__kind=TargetKind.MLFLOW,
                next_attempt_at__lte=Now() - overdue,
            )
            .order_by("next_attempt_at")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("target__system")
            .first()
        )
        if order is not None:
            TargetOrder.objects.filter(pk=order.pk).update(
                attempts=F("attempts") + 1,
                lease_until=Now() + LEASE,
                next_attempt_at=Now() + LEASE,
            )
            order.attempts += 1
    return order


def carry_out(order: TargetOrder) -> None:
    """Move the alias that an order is about, and note what came of it."""
    try:
        with _lock_of(order.target) as mine:
            if not mine:
                # Another order moves this model at this moment; that is no attempt of this one.
                _mine(order).update(next_attempt_at=Now() + BUSY, lease_until=None)
                return
            with _connect(order.target) as mlflow:
                wish = wish_of(order)
                moved = move_alias(mlflow, wish, may_set=lambda before: _may_set(order, before))
    except (MlflowProblem, DomainError) as problem:
        _note_failure(order, str(problem), lasting=getattr(problem, "lasting", True))
    except Exception as problem:
        logger.exception("An order to %s could not be carried out.", order.target.key)
        _note_failure(order, f"It could not be carried out: {type(problem).__name__}.")
    else:
        _note_success(order, moved)


def carry_out_due(most: int = 20, *, overdue: timedelta = timedelta()) -> int:
    """Carry out what is due, one after the other; returns how many orders were taken."""
    taken = 0
    while taken < most and (order := take_order(overdue=overdue)) is not None:
        carry_out(order)
        taken += 1
    return taken


def wish_of(order: TargetOrder) -> Wish:
    """What the alias should name for an order: only ever a version that people approved."""
    target = order.target
    number = None
    if order.version:
        version = ModelVersion.objects.filter(system=target.system, key=order.version).first()
        if version is None or version.state not in (VersionState.APPROVED, VersionState.SERVING):
            raise MlflowProblem(
                f"The version {order.version} is not approved, so the alias stays where it is.",
                lasting=True,
            )
        number = version_number(version.mlflow_uri, target.model_name)
        if number is None:
            raise MlflowProblem(
                f"The version {order.version} names no version of the MLflow model "
                f"{target.model_name}: write models:/{target.model_name}/NUMBER as where its "
                "model file is.",
                lasting=True,
            )
    tags = {
        "gov.state": "serving" if order.personalises else "fallback",
        "gov.incident": order.incident_reference,
    }
    before = {
        "gov.state": "replaced" if order.personalises else "held",
        "gov.incident": order.incident_reference,
    }
    return Wish(target.model_name, target.alias, number, tags, before)


def reread_aliases(older_than: timedelta = timedelta(seconds=30)) -> int:
    """Look again at the aliases of held systems; one that was moved away is ordered back.

    Returns how many were. Only while a system is held: else its people move their alias freely.
    """
    orders = TargetOrder.objects.select_related("target__system").filter(
        state__in=(OrderState.APPLIED, OrderState.CONFIRMED),
        personalises=False,
        target__kind=TargetKind.MLFLOW,
        target__active=True,
        target__alias_read_at__lte=Now() - older_than,
        revision=F("target__system__desired_state__revision"),
    )
    moved = 0
    for order in orders:
        try:
            wish = wish_of(order)
            with _connect(order.target) as mlflow:
                reads = mlflow.read_alias(wish.model, wish.alias)
        except (MlflowProblem, DomainError) as problem:
            logger.warning("The alias of %s was not read again: %s", order.target.key, problem)
            continue
        _note_reading(order.target, reads)
        if reads != wish.number:
            moved += TargetOrder.objects.filter(
                pk=order.pk, attempts=order.attempts, state=order.state
            ).update(
                state=OrderState.PENDING,
                applied_at=None,
                done_at=None,
                rung=0,
                next_attempt_at=Now(),
                give_up_at=Now() + timedelta(minutes=15),
                last_error=f"Somebody moved the alias {wish.alias} to "
                f"{f'version {reads}' if reads else 'nothing'} while the system is held.",
            )
    return moved


@contextlib.contextmanager
def _lock_of(target: ServingTarget) -> Iterator[bool]:
    """Hold the model alone, for as long as this connection lives; False where another does."""
    name = f"mlflow:{target.tracking_url.rstrip('/')}:{target.model_name}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        row = cursor.fetchone()
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def _connect(target: ServingTarget) -> Mlflow:
    secret = unseal(target.tracking_secret, target.pk)
    return Mlflow(target.tracking_url, secret, hosts=settings.MLFLOW_HOSTS)


def _mine(order: TargetOrder) -> models.QuerySet[TargetOrder]:
    return TargetOrder.objects.filter(
        pk=order.pk, attempts=order.attempts, state=OrderState.PENDING
    )


def _may_set(order: TargetOrder, before: str | None) -> bool:
    """Write down the way back before anything is moved; False for who lost the order meanwhile."""
    mine = _mine(order).filter(
        target__active=True, target__system__desired_state__revision=order.revision
    )
    if not mine.exists():
        return False
    mine.filter(alias_before="").update(alias_before=before or "none")
    return True


def _note_reading(target: ServingTarget, reads: str | None) -> None:
    ServingTarget.objects.filter(pk=target.pk).update(alias_reads=reads or "", alias_read_at=Now())


@transaction.atomic
def _note_success(order: TargetOrder, moved: Moved) -> None:
    noted = _mine(order).update(
        state=OrderState.APPLIED,
        applied_at=Now(),
        lease_until=None,
        last_error=moved.remark[:500],
    )
    if not noted:
        return
    target = order.target
    _note_reading(target, moved.reads)
    record_entry(
        verb="incidents.alias_moved",
        object_type="servingtarget",
        object_id=str(target.pk),
        actor=MACHINE,
        facts={
            "system": target.system.key,
            "key": target.key,
            "model": target.model_name,
            "alias": target.alias,
            "before": moved.before,
            "reads": moved.reads,
            "revision": order.revision,
            "attempt": order.attempts,
            "incident": order.incident_reference,
        },
    )
    settle_orders(target.system)
    settle_containment(target.system)


@transaction.atomic
def _note_failure(order: TargetOrder, sentence: str, *, lasting: bool = False) -> None:
    """Wait for the next rung of the ladder; beyond it, or where waiting cannot help, people act."""
    wait = wait_after(order.rung, urgent=True, draw=random.random())  # noqa: S311 (spreads)
    if lasting or wait is None:
        # A newer order that took its place has no need of people.
        if _mine(order).filter(target__system__desired_state__revision=order.revision).exists():
            give_up_order(order=order, sentence=sentence)
        return
    _mine(order).update(
        rung=F("rung") + 1,
        lease_until=None,
        next_attempt_at=Now() + wait,
        last_error=sentence[:500],
    )


def follow(stop: threading.Event) -> None:
    """Carry out orders until told to stop, a few at a time, so that one that hangs delays none."""
    room = threading.Semaphore(AT_ONCE)

    def run(order: TargetOrder) -> None:
        try:
            carry_out(order)
        except Exception:
            logger.exception("What came of an order was not written; it is carried out again.")
        finally:
            connection.close()
            room.release()

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="alias") as pool:
        while not stop.is_set():
            if not room.acquire(timeout=POLL_SECONDS):
                continue
            order = None
            try:
                order = take_order()
            except Exception:
                logger.exception("Orders to aliases could not be read; it goes on in a moment.")
                connection.close()
            if order is None:
                room.release()
                stop.wait(POLL_SECONDS)
                close_old_connections()
            else:
                pool.submit(run, order)
    connection.close()
