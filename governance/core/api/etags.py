"""ETag and If-Match: whoever changes a thing says which state of it they saw."""

from __future__ import annotations

import hashlib
from typing import Any

from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.errors import PreconditionFailed


def entity_tag(data: Any) -> str:
    """The strong ETag of a representation."""
    return f'"{hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def names_tag(header: str, tag: str, *, weak: bool) -> bool:
    """Whether a list of tags as in If-Match (strong) or If-None-Match (weak) names `tag`."""
    named = [one.strip() for one in header.split(",")]
    if weak:
        named = [one.removeprefix("W/") for one in named]
    return "*" in named or tag in named


class EntityTags(GenericAPIView[Any]):
    """ETag on a single object, 304 for who has it already, 412 for who saw an older state."""

    action: str

    def locked_object(self) -> Any:
        """The object of an unsafe request, locked until the commit and checked with If-Match.

        Call it inside the transaction of the change.
        """
        found = self.get_object()
        locked = self.get_queryset().select_for_update(of=("self",)).get(pk=found.pk)
        self.check_match(locked)
        return locked

    def check_match(self, instance: Any) -> None:
        """Refuse with 412 when If-Match names another state than the present one."""
        header = self.request.headers.get("If-Match")
        if header is None:
            return
        tag = entity_tag(self.get_serializer(instance).data)
        if not names_tag(header, tag, weak=False):
            raise PreconditionFailed(
                "It was changed since you read it; read it again and decide anew."
            )

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        single = getattr(self, "action", None) in {"retrieve", "update", "partial_update"}
        if not single or final.status_code != 200 or not isinstance(response, Response):
            return final
        tag = final.headers.get("ETag") or entity_tag(response.data)
        final.headers["ETag"] = tag
        held = request.headers.get("If-None-Match", "")
        if request.method == "GET" and held and names_tag(held, tag, weak=True):
            final.status_code, final.data = 304, None
        return final
