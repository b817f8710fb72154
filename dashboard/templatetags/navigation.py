"""The rooms of the left navigation: label, place, icon and key. Data and one comparison."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One room; `g` then `key` opens it, `root` is the path that all its pages share."""

    label: str
    href: str
    icon: str
    key: str
    root: str


NAVIGATION: tuple[Entry, ...] = (
    Entry("Overview", "/", "home", "o", "/"),
    Entry("Systems", "/systems/", "sitemap", "s", "/systems/"),
    Entry("Register", "/register/features/", "list-details", "r", "/register/"),
    Entry("Consent", "/consent/", "toggle-right", "c", "/consent/"),
    Entry("Audits", "/audits/", "scale", "a", "/audits/"),
    Entry("Incidents", "/incidents/", "alert-triangle", "i", "/incidents/"),
    Entry("Reviews", "/reviews/", "clipboard-check", "v", "/reviews/"),
    Entry("Evidence", "/evidence/", "certificate", "e", "/evidence/"),
    Entry("Settings", "/settings/", "settings", "t", "/settings/"),
)


def is_current(entry: Entry, path: str) -> bool:
    """Whether a page at `path` belongs to this room."""
    return path == entry.root if entry.root == "/" else path.startswith(entry.root)
