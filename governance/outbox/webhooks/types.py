"""What endpoints may be told: the public names of events, none of them about a person.

What is told of people goes to recipients of their data alone, by the room of consent.
"""

from __future__ import annotations

EVENT_TYPES: dict[str, str] = {
    "tactful.hold.placed": "A hold was placed on a system, surface, purpose or version",
    "tactful.hold.released": "A hold was lifted",
    "tactful.serving_version.changed": "A system serves another version",
    "tactful.incident.opened": "An incident was opened",
    "tactful.webhook.test": "A test, sent from the settings page",
}
TEST = "tactful.webhook.test"
#: Sent to recipients of a person's data; an endpoint of a recipient gets these whatever it wants.
WITHDRAWN, ERASED = "tactful.consent.withdrawn", "tactful.person.erased"
