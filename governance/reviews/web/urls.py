"""Pages of reviews."""

from django.urls import path

from governance.reviews.web import pages, waivers

urlpatterns = [
    path("systems/<str:key>/ship/<str:version_key>/", pages.ship, name="ship"),
    path("systems/<str:key>/ship/<str:version_key>/review/", pages.start, name="review_start"),
    path("reviews/", pages.reviews, name="reviews"),
    path("reviews/waivers/", waivers.waivers, name="waivers"),
    path("reviews/waivers/new/", waivers.ask, name="waiver_new"),
    path("reviews/waivers/<uuid:waiver_id>/grant/", waivers.grant, name="waiver_grant"),
    path("reviews/waivers/<uuid:waiver_id>/revoke/", waivers.revoke, name="waiver_revoke"),
    path("reviews/<uuid:review_id>/", pages.review, name="review"),
    path("reviews/<uuid:review_id>/answer/", pages.answer, name="review_answer"),
    path("reviews/<uuid:review_id>/approve/", pages.approve, name="review_approve"),
    path("reviews/<uuid:review_id>/reject/", pages.reject, name="review_reject"),
    path("reviews/<uuid:review_id>/renew/", pages.renew, name="review_renew"),
]
