"""Plan files over REST: YAML read and written beside JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from audits.plan_files.text import LARGEST, read_yaml
from governance.core.errors import Invalid
from methods.errors import BadInput

YAML = "application/yaml"


class YamlParser(BaseParser):
    """A body in YAML as plain data; what is wrong is said in one sentence."""

    media_type = YAML

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return read_yaml(stream.read(LARGEST + 1), "The body")
        except BadInput as problem:
            raise Invalid(str(problem)) from None


class YamlRenderer(BaseRenderer):
    """Text that is YAML already."""

    media_type = YAML
    format = "yaml"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return str(data).encode()
