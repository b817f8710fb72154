"""MovieLens 100k for the opt-in demo: its terms, the ratings, a factorisation and its top tens.

Every constant was fixed before any result was seen. What is registered stands in `movies`.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TERMS = """\
MovieLens 100k: terms of use (GroupLens Research, University of Minnesota)

  - For research purposes only.
  - No commercial or revenue-bearing use without permission from a faculty member of GroupLens.
  - No redistribution without separate permission.
  - Do not state or imply that the University of Minnesota or GroupLens endorses you.
  - Publications cite: F. M. Harper and J. A. Konstan, The MovieLens Datasets: History and Context,
    ACM Transactions on Interactive Intelligent Systems 5, 4, Article 19, 2015.

The data would be downloaded inside the Python package recbole 1.2.1, into DATA_DIR only.
Full text: https://files.grouplens.org/datasets/movielens/ml-100k-README.txt
"""

FOLDER = "recbole/dataset_example/ml-100k"
FILMS = 1682
FACTORS = 30
POWER_ITERATIONS = 10
SEED = 0
SEEN_SHARE = 0.8
LIKED = 4.0  # stars from which a film counts as liked
LENGTH = 10
AGE_BANDS = ((25, "under 25"), (35, "25 to 34"), (50, "35 to 49"), (200, "50 and over"))


@dataclass(frozen=True)
class Rating:
    """Stars that one viewer gave to one film."""

    viewer: int
    film: int
    stars: float
    rated_at: float


@dataclass(frozen=True)
class Viewer:
    """Who rated. Read by the audit only; no part of it enters the model."""

    number: int
    gender: str
    age: int

    @property
    def age_band(self) -> str:
        return next(name for below, name in AGE_BANDS if self.age < below)


@dataclass(frozen=True)
class Split:
    """The earlier ratings of every viewer, and the films they liked afterwards."""

    seen: dict[int, list[int]]
    liked_later: dict[int, frozenset[int]]


def ratings(wheel: Path) -> list[Rating]:
    """The 100,000 ratings in the order of the file."""
    return [
        Rating(
            int(row["user_id:token"]),
            int(row["item_id:token"]),
            float(row["rating:float"]),
            float(row["timestamp:float"]),
        )
        for row in _rows(wheel, "inter")
    ]


def viewers(wheel: Path) -> dict[int, Viewer]:
    """The 943 viewers by number."""
    found = [
        Viewer(int(row["user_id:token"]), row["gender:token"], int(row["age:token"]))
        for row in _rows(wheel, "user")
    ]
    return {one.number: one for one in found}


def _rows(wheel: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"{FOLDER}/ml-100k.{name}").decode()
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def split_by_time(given: list[Rating]) -> Split:
    """Keep the first 80 % of each viewer's ratings; ratings of one second stay in file order."""
    by_viewer: dict[int, list[Rating]] = defaultdict(list)
    for rating in sorted(given, key=lambda one: one.rated_at):
        by_viewer[rating.viewer].append(rating)
    seen, liked_later = {}, {}
    for viewer, theirs in sorted(by_viewer.items()):
        kept = int(len(theirs) * SEEN_SHARE)
        seen[viewer] = [one.film for one in theirs[:kept]]
        liked_later[viewer] = frozenset(one.film for one in theirs[kept:] if one.stars >= LIKED)
    return Split(seen, liked_later)


class Factorisation:
    """A truncated singular value decomposition of who rated what; stars do not enter it."""

    def __init__(self, seen: Mapping[int, list[int]]) -> None:
        import numpy as np
        from sklearn.decomposition import TruncatedSVD

        self.viewers = sorted(seen)
        self.rated: NDArray[np.bool_] = np.zeros((len(self.viewers), FILMS), dtype=bool)
        for place, viewer in enumerate(self.viewers):
            self.rated[place, [film - 1 for film in seen[viewer]]] = True
        svd = TruncatedSVD(FACTORS, n_iter=POWER_ITERATIONS, random_state=SEED)
        self.tastes: NDArray[np.float64] = svd.fit_transform(self.rated.astype(float))
        self.films: NDArray[np.float64] = svd.components_

    def top_lists(self) -> dict[int, list[int]]:
        """The ten best films of every viewer among those not rated yet, best first."""
        import numpy as np

        scores = self.tastes @ self.films
        scores[self.rated] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, :LENGTH] + 1
        return {
            viewer: [int(film) for film in row]
            for viewer, row in zip(self.viewers, best, strict=True)
        }


def impressions(
    lists: Mapping[int, list[int]],
    split: Split,
    people: Mapping[int, Viewer],
    scored_at: datetime,
) -> list[dict[str, object]]:
    """One row a film on a list; `y_true` says whether the viewer liked it afterwards."""
    return [
        {
            "output_id": f"list-{viewer:03d}-{position:02d}",
            "occurred_at": scored_at.isoformat(),
            "subject": f"movielens-{viewer}",
            "item": f"film-{film}",
            "position": position,
            "gender": people[viewer].gender,
            "age_band": people[viewer].age_band,
            "y_true": int(film in split.liked_later[viewer]),
        }
        for viewer, films in lists.items()
        for position, film in enumerate(films, start=1)
    ]


def hits(
    lists: Mapping[int, list[int]],
    split: Split,
    people: Mapping[int, Viewer],
    scored_at: datetime,
) -> list[dict[str, object]]:
    """One row a viewer who liked a film afterwards; `y_pred` is 1 when their list held one."""
    return [
        {
            "output_id": f"hit-{viewer:03d}",
            "occurred_at": scored_at.isoformat(),
            "subject": f"movielens-{viewer}",
            "gender": people[viewer].gender,
            "age_band": people[viewer].age_band,
            "y_pred": int(not split.liked_later[viewer].isdisjoint(films)),
        }
        for viewer, films in lists.items()
        if split.liked_later[viewer]
    ]
