"""Every route says who may use it; nothing is open by accident."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

# Routes of packages: who guards them, and why that is enough.
GUARDED_BY_PACKAGE = {
    "allauth.": "signing in is open; allauth itself asks for a session where there must be one",
    "django.views.generic.base": "a bare redirect shows nothing; its target has its own guard",
}
VERBS = ("get", "post", "put", "patch", "delete")


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry, route)
        else:
            yield route, entry


def _is_guarded(pattern: URLPattern) -> bool:
    view = pattern.callback
    if getattr(view, "route_permission", ""):
        return True
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    home = str((kind or view).__module__)
    if any(home.startswith(package) for package in GUARDED_BY_PACKAGE):
        return True
    if getattr(kind, "route_permission", ""):
        return True
    actions = getattr(kind, "required_actions", {})
    served = getattr(view, "actions", None)
    if served is not None:
        wanted = {action for method, action in served.items() if method != "head"}
    else:
        wanted = {verb for verb in VERBS if hasattr(kind, verb)}
    return bool(actions) and wanted <= set(actions)


def test_every_route_has_a_permission_or_says_why_it_is_open() -> None:
    routes = list(_routes(get_resolver()))
    assert len(routes) > 20
    assert not [route for route, pattern in routes if not _is_guarded(pattern)]


def test_every_named_permission_is_in_the_permission_table() -> None:
    from governance.people.permissions import declared_actions

    named = set()
    for _, pattern in _routes(get_resolver()):
        view = pattern.callback
        kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
        named.add(getattr(view, "route_permission", ""))
        named.update(getattr(kind, "required_actions", {}).values())
    unknown = named - {"", "public"} - {action.key for action in declared_actions()}
    assert not unknown
