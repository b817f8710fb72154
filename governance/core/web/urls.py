"""Core has no pages of its own; the module stands for the uniform list of rooms."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
