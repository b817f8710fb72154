"""Routes of the overview and of the search field."""

from django.urls import path

from dashboard.web import pages

urlpatterns = [
    path("", pages.overview, name="overview"),
    path("agenda/", pages.agenda, name="agenda"),
    path("search/", pages.search, name="search"),
]
