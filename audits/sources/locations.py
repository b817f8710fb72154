"""Where the rows of a source are: one model for the location of each origin, with its checks.

Names only: nothing is looked up here, and no secret stands in a location.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from audits.choices import SourceOrigin
from governance.core.errors import Invalid

Text = Annotated[str, Field(min_length=1, max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Location(BaseModel):
    """What every location shares: unknown fields are refused, nothing changes once made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PushedLocation(Location):
    """Rows that are sent here: their segments are the place."""


class FilesLocation(Location):
    """A file, a folder or a glob below an allowed root."""

    path: Text


class S3Location(Location):
    """Objects of a bucket: one, a prefix that ends in a slash, or a pattern in the last part."""

    url: Text
    region: Name = "us-east-1"
    endpoint: str = Field(default="", max_length=1000)

    @field_validator("url")
    @classmethod
    def _names_a_bucket(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or not parts.path.strip("/"):
            raise ValueError("It must read s3://bucket/folder/name.parquet.")
        if parts.username or parts.query or parts.fragment or ".." in parts.path.split("/"):
            raise ValueError("An S3 address holds a bucket and a key, nothing else.")
        return url

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str) -> str:
        if endpoint:
            parts = urlsplit(endpoint)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
                raise ValueError("It must read https://host or http://host:port.")
        return endpoint


class PostgresqlLocation(Location):
    """A table or view of a PostgreSQL server, by its names in the server's catalogue."""

    table_schema: Name = Field(default="public", alias="schema")
    table: Name

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)


class SparkLocation(Location):
    """A table of a Spark server, or Parquet below an allowed root read by a local session."""

    remote: str = Field(default="", max_length=1000)
    table: str = Field(default="", max_length=200)
    path: str = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _one_place(self) -> SparkLocation:
        if bool(self.remote) != bool(self.table) or bool(self.remote) == bool(self.path):
            raise ValueError("Give `remote` and `table`, or `path` alone.")
        parts = urlsplit(self.remote)
        if self.remote and (parts.scheme != "sc" or not parts.hostname or parts.username):
            raise ValueError("`remote` must read sc://host:port.")
        return self


class CubeLocation(Location):
    """A file of counts: one line a cell, its groups and labels, and how many rows it stands for.

    `randomised` names labels that were flipped on the person's side by randomised response, with
    the epsilon each was flipped with.
    """

    path: Text
    count: Name = "n"
    randomised: dict[Literal["y_true", "y_pred"], Annotated[float, Field(gt=0, le=50)]] = Field(
        default_factory=dict
    )


LOCATIONS: dict[str, type[Location]] = {
    SourceOrigin.PUSHED: PushedLocation,
    SourceOrigin.FILES: FilesLocation,
    SourceOrigin.S3: S3Location,
    SourceOrigin.POSTGRESQL: PostgresqlLocation,
    SourceOrigin.SPARK: SparkLocation,
    SourceOrigin.CUBE: CubeLocation,
}


def parse_location(origin: str, given: Mapping[str, Any]) -> Location:
    """Return the checked location of an origin, or say in one sentence what is wrong with it."""
    model = LOCATIONS.get(origin)
    if model is None:
        raise Invalid(f"A source comes from one of {', '.join(LOCATIONS)}, not {origin!r}.")
    try:
        return model.model_validate(dict(given))
    except ValidationError as problem:
        first = problem.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ").rstrip(".")
        if first["type"] == "extra_forbidden":
            fields = [field.alias or key for key, field in model.model_fields.items()]
            known = f"it has {', '.join(fields)}" if fields else "it has no field"
            raise Invalid(f"{name!r} does not belong to such a location: {known}.") from None
        raise Invalid(f"The location is not usable: {name or origin}: {reason}.") from None


def location_as_stored(location: Location) -> dict[str, Any]:
    """Return a location as the plain data that a source keeps."""
    return location.model_dump(mode="json", by_alias=True, exclude_defaults=True)
