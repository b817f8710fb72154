"""What every method shares: its identity, its roles, its parameters and its known answers.

Three kinds differ in how they meet the data: a cube collected on the engine, a bounded sample of
rows, or a simulation. How a run is put together stands in `methods.run`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from methods import packing
from methods.errors import BadInput
from methods.report import Chart, Limit, Measurement, Table

if TYPE_CHECKING:
    import ibis
    import numpy as np

ROLES: tuple[str, ...] = (
    "y_true",
    "y_pred",
    "score",
    "group",
    "control",
    "weight",
    "subject",
    "item",
    "provider",
    "position",
    "propensity",
    "clicked",
    "watch_time",
    "price",
    "occurred_at",
    "model_version",
    "variant",
    "stratum",
    "scenario",
    "task",
    "persona",
    "text",
    "member",
    "output_id",
    "observed_at",
)

Columns = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Role:
    """One role a method reads: whether it must be given, and whether it takes several columns."""

    name: str
    required: bool = False
    many: bool = False
    meaning: str = ""

    def __post_init__(self) -> None:
        if self.name not in ROLES:
            raise ValueError(f"{self.name!r} is not in the role vocabulary.")


@dataclass(frozen=True)
class Roles:
    """The roles of a method, in the order shown to people."""

    roles: tuple[Role, ...]

    def names(self) -> tuple[str, ...]:
        """Return the role names."""
        return tuple(role.name for role in self.roles)

    def check(self, method: str, columns: Columns) -> dict[str, list[str]]:
        """Return the columns as plain lists, or say what is wrong with them."""
        known = {role.name: role for role in self.roles}
        checked: dict[str, list[str]] = {}
        for name, given in columns.items():
            if name not in known:
                hint = "no role" if name not in ROLES else "not a role of this method"
                raise BadInput(f"{name!r} is {hint}: {method} reads {', '.join(known)}.")
            names = [column for column in given if column]
            if not names:
                raise BadInput(f"The role {name!r} was given no column.")
            if len(names) > 1 and not known[name].many:
                raise BadInput(f"The role {name!r} takes one column, {len(names)} were given.")
            if len(set(names)) < len(names):
                raise BadInput(f"The role {name!r} names a column twice.")
            checked[name] = names
        for role in self.roles:
            if role.required and role.name not in checked:
                raise BadInput(f"{method} needs the role {role.name!r}: {role.meaning}.")
        return checked


class MethodParameters(BaseModel):
    """Parameters every method takes; its JSON Schema feeds CLI, API, form and docs."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class KnownAnswer:
    """A case whose answer is known beforehand, with the place it is known from."""

    name: str
    source: str
    expected: float
    compute: Callable[[], float]
    tolerance: float = 1e-12


@dataclass(frozen=True)
class Findings:
    """What `measure` hands back; the run adds identity, inputs, seed and the overall verdict."""

    measurements: tuple[Measurement, ...]
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    limits: tuple[str, ...] = ()


class Method(ABC):
    """Identity, roles, parameters and known answers of one method."""

    key: ClassVar[str]
    version: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    roles: ClassVar[Roles]
    Parameters: ClassVar[type[MethodParameters]]

    @abstractmethod
    def metrics(self) -> tuple[str, ...]:
        """Return the name of every metric a limit may be put on."""

    @abstractmethod
    def known_answers(self) -> Sequence[KnownAnswer]:
        """Return the cases `selftest` runs."""

    def parse(self, given: Mapping[str, Any]) -> MethodParameters:
        """Return validated parameters, or say in one sentence which is wrong."""
        try:
            return self.Parameters.model_validate(dict(given))
        except ValidationError as error:
            raise BadInput(self._sentence(error)) from None

    def _sentence(self, error: ValidationError) -> str:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "parameters"
        if first["type"] == "extra_forbidden":
            known = ", ".join(self.Parameters.model_fields)
            return f"{name!r} is not a parameter of {self.key}: it takes {known}."
        reason = first["msg"].removeprefix("Value error, ")
        return f"The parameter {name!r} is not usable: {reason[0].lower()}{reason[1:]}."


class Cube(Protocol):
    """What every cube says of itself."""

    @property
    def rows(self) -> int:
        """Rows of the data it was made of."""

    @property
    def cell_count(self) -> int:
        """Cells it holds."""

    @property
    def subject_count(self) -> int:
        """People it counts; rows where there is no subject column."""

    def check(self) -> None:
        """Refuse numbers that cannot be a cube's; said as a BadInput."""


CubeT = TypeVar("CubeT", bound=Cube)
SampleT = TypeVar("SampleT")
ParametersT = TypeVar("ParametersT", bound=MethodParameters)


class CubeMethod(Method, Generic[CubeT, ParametersT]):
    """Collects a small cube on the engine, then measures on the cube alone."""

    Cube: ClassVar[type[Any]]
    cube_version: ClassVar[str] = "1"
    # Parameters the engine acts on: a stored cube answers only for the values it was made with.
    collected_with: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def collect(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: ParametersT,
    ) -> CubeT:
        """Run one aggregation on the engine and return its compact result."""

    @abstractmethod
    def measure(
        self, cube: CubeT, parameters: ParametersT, limits: Sequence[Limit], seed: int
    ) -> Findings:
        """Return the findings; a pure function of its arguments."""

    def check(self, cube: CubeT, parameters: ParametersT) -> None:
        """Refuse parameters that name what the cube does not have."""

    @property
    def cube_format(self) -> str:
        """What packed cubes of this method are called, with their version."""
        return f"{self.key}/{self.cube_version}"

    def pack(self, cube: CubeT) -> bytes:
        """Return the cube as bytes, equal for equal cubes."""
        return packing.pack(cube, self.cube_format)

    def unpack(self, data: bytes) -> CubeT:
        """Return the cube `pack` wrote, checked; bytes of any other kind are refused."""
        cube: CubeT = packing.unpack(data, self.cube_format, self.Cube)
        cube.check()
        return cube


class SampleMethod(Method, Generic[SampleT, ParametersT]):
    """Draws a bounded, hashed sample of rows or texts, discarded after the run."""

    @abstractmethod
    def draw(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: ParametersT,
        seed: int,
    ) -> SampleT:
        """Return the sample."""

    @abstractmethod
    def measure(
        self,
        sample: SampleT,
        parameters: ParametersT,
        limits: Sequence[Limit],
        seed: int,
    ) -> Findings:
        """Return the findings; a pure function of its arguments."""


class SimulationMethod(Method, Generic[ParametersT]):
    """Runs a model of the world from parameters and a random generator."""

    @abstractmethod
    def run(
        self,
        parameters: ParametersT,
        limits: Sequence[Limit],
        generator: "np.random.Generator",
        progress: Callable[[float], None],
    ) -> Findings:
        """Return the findings; `progress` is told the share done."""
