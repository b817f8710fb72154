"""Pages of the registry."""

from django.urls import path

from governance.registry.web import holds, register, systems

urlpatterns = [
    path("systems/", systems.systems, name="systems"),
    path("systems/new/", systems.edit_system, name="system_new"),
    path("systems/<str:key>/", systems.system, name="system"),
    path("systems/<str:key>/edit/", systems.edit_system, name="system_edit"),
    path("systems/<str:key>/hold/", holds.place, name="hold_place"),
    path("holds/<uuid:hold_id>/", holds.hold, name="hold"),
    path("holds/<uuid:hold_id>/lift/", holds.lift, name="hold_lift"),
    path("holds/<uuid:hold_id>/approve/", holds.approve, name="hold_approve"),
    path("register/features/", register.features, name="features"),
    path("register/features/new/", register.edit_feature, name="feature_new"),
    path("register/features/<str:key>/", register.feature, name="feature"),
    path("register/features/<str:key>/edit/", register.edit_feature, name="feature_edit"),
    path("register/flows/", register.flows, name="flows"),
    path("register/flows/new/", register.declare_flow, name="flow_new"),
    path("register/purposes/", register.purposes, name="purposes"),
]
