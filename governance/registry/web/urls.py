"""Pages of the registry."""

from django.urls import path

from governance.registry.web import holds, purposes, register, surfaces, systems, versions

urlpatterns = [
    path("systems/", systems.systems, name="systems"),
    path("systems/new/", systems.edit_system, name="system_new"),
    path("systems/<str:key>/", systems.system, name="system"),
    path("systems/<str:key>/edit/", systems.edit_system, name="system_edit"),
    path("systems/<str:key>/versions/new/", versions.edit_version, name="version_new"),
    path("systems/<str:key>/versions/<str:version_key>/", versions.version, name="version"),
    path(
        "systems/<str:key>/versions/<str:version_key>/edit/",
        versions.edit_version,
        name="version_edit",
    ),
    path(
        "systems/<str:key>/versions/<str:version_key>/<slug:step_key>/",
        versions.take_step,
        name="version_step",
    ),
    path("systems/<str:key>/hold/", holds.place, name="hold_place"),
    path("holds/new/<str:kind>/<str:key>/", holds.place_on, name="hold_place_on"),
    path("holds/<uuid:hold_id>/", holds.hold, name="hold"),
    path("holds/<uuid:hold_id>/lift/", holds.lift, name="hold_lift"),
    path("holds/<uuid:hold_id>/approve/", holds.approve, name="hold_approve"),
    path("register/features/", register.features, name="features"),
    path("register/features/new/", register.edit_feature, name="feature_new"),
    path("register/features/<str:key>/", register.feature, name="feature"),
    path("register/features/<str:key>/edit/", register.edit_feature, name="feature_edit"),
    path("register/flows/", register.flows, name="flows"),
    path("register/flows/new/", register.declare_flow, name="flow_new"),
    path("register/surfaces/", surfaces.surfaces, name="surfaces"),
    path("register/surfaces/new/", surfaces.edit_surface, name="surface_new"),
    path("register/surfaces/<str:key>/edit/", surfaces.edit_surface, name="surface_edit"),
    path("register/purposes/", purposes.purposes, name="purposes"),
    path("register/purposes/new/", purposes.edit_purpose, name="purpose_new"),
    path("register/purposes/<str:key>/", purposes.purpose, name="purpose"),
    path("register/purposes/<str:key>/edit/", purposes.edit_purpose, name="purpose_edit"),
    path("register/purposes/<str:key>/rule/", purposes.set_rule, name="purpose_rule"),
    path("register/purposes/<str:key>/rule/end/", purposes.end_rule, name="purpose_rule_end"),
    path("register/types/new/", purposes.edit_type, name="type_new"),
    path("register/types/<str:key>/edit/", purposes.edit_type, name="type_edit"),
    path("register/types/<str:key>/age/", purposes.set_age, name="type_age"),
]
