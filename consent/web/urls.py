"""Pages of the person's side and of those who look after it."""

from django.urls import URLPattern, URLResolver, path

from consent.web import preferences

app_name = "consent"
urlpatterns: list[URLPattern | URLResolver] = [
    path("preferences/", preferences.preference_centre, name="preferences"),
]
