"""How Celery runs here: broker by setting, late acknowledgement, explicit limits, ticks only.

Schedules of audits and playbooks are rows in PostgreSQL; beat only tells the rooms to look.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from kombu.entity import Exchange, Queue
from psycopg.conninfo import make_conninfo

# A message must stay hidden for longer than any task may run, or a second worker would take it.
HARD_LIMIT = 3600
VISIBILITY = HARD_LIMIT + 300
SCHEMES = ("pgmq", "redis", "rediss", "amqp", "amqps")


def database_conninfo() -> str:
    """libpq's words for the database that Django uses, for whoever connects beside Django."""
    database = settings.DATABASES["default"]
    parts: dict[str, Any] = {
        "host": database.get("HOST"),
        "port": database.get("PORT"),
        "user": database.get("USER"),
        "password": database.get("PASSWORD"),
        "dbname": database["NAME"],
    }
    return make_conninfo(**{name: value for name, value in parts.items() if value})


def transport_options(url: str) -> dict[str, Any]:
    """The options that make each broker redeliver what a killed worker had taken."""
    if url.startswith("pgmq"):
        return {
            "conn_string": database_conninfo(),
            "init_extension": False,
            "visibility_timeout": VISIBILITY,
            "polling_interval": 0.1,
            "wait_time_seconds": 0,
            "pool_size": 4,
        }
    if url.startswith("redis"):
        return {"visibility_timeout": VISIBILITY}
    return {}


def queue_arguments(url: str) -> dict[str, Any]:
    """From RabbitMQ 3.12 on this keeps a message longer than the broker's 30 minutes.

    Older brokers ignore it: there `consumer_timeout` in rabbitmq.conf has to be as long, or an
    audit of more than 30 minutes comes to a second worker, which the lease then sends away.
    """
    return {"x-consumer-timeout": VISIBILITY * 1000} if url.startswith("amqp") else {}


broker_url: str = settings.BROKER_URL or "pgmq://localhost"  # conn_string says where
broker_transport_options = transport_options(broker_url)
broker_connection_retry_on_startup = True
broker_connection_timeout = 4
result_backend = None

task_serializer = "json"
accept_content = ["json"]
task_ignore_result = True
task_acks_late = True
task_reject_on_worker_lost = True
task_acks_on_failure_or_timeout = True
task_time_limit = HARD_LIMIT
task_soft_time_limit = HARD_LIMIT - 60
task_publish_retry_policy = {"max_retries": 3, "interval_start": 0.1, "interval_max": 0.5}
task_create_missing_queues = False
task_default_queue = task_default_exchange = task_default_routing_key = "desk"
# Audits have workers of their own: a tick, a playbook step or a notice never waits behind one,
# and a light audit never behind a heavy one or a backfill.
task_queues = [
    Queue(name, Exchange(name), name, queue_arguments=queue_arguments(broker_url))
    for name in ("desk", "audits", "audits_heavy")
]
task_routes = {
    "audits.run": {"queue": "audits"},
    "audits.run_heavy": {"queue": "audits_heavy"},
}

worker_prefetch_multiplier = 1
worker_enable_remote_control = False
worker_send_task_events = False
worker_hijack_root_logger = False
worker_max_tasks_per_child = 200
timezone = "UTC"
enable_utc = True

# A tick that waited past the next one has nothing left to say: it expires.
beat_schedule = {
    "audits.tick": {"task": "audits.tick", "schedule": 5.0, "options": {"expires": 5}},
    "audits.watch": {"task": "audits.watch", "schedule": 600.0, "options": {"expires": 600}},
    "incidents.tick": {"task": "incidents.tick", "schedule": 10.0, "options": {"expires": 10}},
    "incidents.send_communications": {
        "task": "incidents.send_communications",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "incidents.wake": {"task": "incidents.wake", "schedule": 2.0, "options": {"expires": 2}},
    "incidents.watch": {"task": "incidents.watch", "schedule": 30.0, "options": {"expires": 30}},
    "incidents.levers": {"task": "incidents.levers", "schedule": 10.0, "options": {"expires": 10}},
    "consent.recipients": {
        "task": "consent.recipients",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "core.retention": {"task": "core.retention", "schedule": 3600.0, "options": {"expires": 3600}},
}


def check_broker_url(url: str) -> None:
    scheme = urlsplit(url).scheme
    if scheme not in SCHEMES:
        raise ValueError(f"BROKER_URL starts with {scheme!r}; it may be {', '.join(SCHEMES)}.")


check_broker_url(broker_url)
