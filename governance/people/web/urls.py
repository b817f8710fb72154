"""Web routes of people: settings, keys, the own account, and the demo's sign-in."""

from __future__ import annotations

from django.urls import include, path

from governance.people.web import account, keys, people, webhooks

settings_routes = [
    path("", people.overview, name="settings"),
    path("people/", people.add_person, name="add_person"),
    path("people/<uuid:pk>/", people.person, name="person"),
    path("people/<uuid:pk>/roles/", people.give_role, name="give_role"),
    path("people/<uuid:pk>/roles/<slug:role>/remove/", people.take_role, name="take_role"),
    path("people/<uuid:pk>/systems/", people.add_system, name="add_system"),
    path(
        "people/<uuid:pk>/systems/<slug:system_key>/remove/",
        people.remove_system,
        name="remove_system",
    ),
    path("people/<uuid:pk>/deputies/", people.add_deputy, name="add_deputy"),
    path("people/<uuid:pk>/state/", people.change_state, name="change_state"),
    path("people/<uuid:pk>/password/", people.new_password, name="new_password"),
    path("people/<uuid:pk>/second-factor/", people.new_second_factor, name="new_second_factor"),
    path("deputies/<uuid:pk>/end/", people.end_deputyship, name="end_deputy"),
    path("keys/", keys.keys, name="keys"),
    path("keys/<uuid:pk>/revoke/", keys.revoke, name="revoke_key"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/<uuid:pk>/", webhooks.endpoint, name="webhook"),
    path("webhooks/<uuid:pk>/test/", webhooks.test, name="webhook_test"),
    path("webhooks/<uuid:pk>/state/", webhooks.change_state, name="webhook_state"),
    path("webhooks/<uuid:pk>/secret/", webhooks.new_secret, name="webhook_secret"),
    path("webhooks/<uuid:pk>/retry/", webhooks.retry_all, name="webhook_retry_all"),
    path("webhooks/messages/<uuid:pk>/replay/", webhooks.replay, name="webhook_replay"),
    path("webhooks/messages/<uuid:pk>/retry/", webhooks.retry, name="webhook_retry"),
    path("webhooks/messages/<uuid:pk>/give-up/", webhooks.give_up, name="webhook_give_up"),
    path("account/", account.account, name="account"),
    path("sessions/<uuid:pk>/end/", account.end_session, name="end_session"),
    path("permissions/", people.permission_table, name="permissions"),
]

urlpatterns = [
    path("settings/", include((settings_routes, "people"))),
    path(".well-known/webhooks/jwks.json", webhooks.key_set, name="webhook_keys"),
    path("demo/sign-in", account.demo_sign_in, name="demo_sign_in"),
]
