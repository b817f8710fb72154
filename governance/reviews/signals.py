"""The facts this room reads; it publishes none."""

from governance.signals.definitions import declare_readers

declare_readers("reviews", "audit.{plan}.verdict")
