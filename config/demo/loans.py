"""The eligibility demo: real mortgage applications, scored out of fold by a model trained here.

Every constant below was fixed before any result was seen; whatever verdict comes out stands.
"""

from __future__ import annotations

from datetime import datetime

SEED = 0
FOLDS = 5
REFUSED_SHARE = 0.15
OTHER_SEEDS = range(1, 10)

# What the applicant and the loan look like. Nothing here states race, sex, age, marriage or family.
FEATURES = {
    "loanamt": "Loan amount",
    "appinc": "Applicant's income",
    "price": "Purchase price",
    "loanprc": "Loan as a share of the price",
    "hrat": "Housing expense as a share of income",
    "obrat": "Other obligations as a share of income",
    "term": "Term of the loan",
    "fixadj": "Fixed or adjustable rate",
    "unit": "Number of units in the property",
    "emp": "Years employed in the line of work",
    "self": "Self-employed",
    "pubrec": "Filed bankruptcy",
    "chist": "Meets credit history guidelines",
    "cosign": "Has a cosigner",
    "liq": "Liquid assets",
    "netw": "Net worth",
}


def out_of_fold_scores(rows: list[dict[str, float | None]], seed: int) -> list[float]:
    """Return each applicant's estimated chance of approval, from folds that never saw them."""
    import numpy as np
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = np.array(
        [[np.nan if row[name] is None else row[name] for name in FEATURES] for row in rows]
    )
    labels = np.array([row["approve"] for row in rows])
    model = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=1000)
    )
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    scores = cross_val_predict(model, table, labels, cv=folds, method="predict_proba")[:, 1]
    return [float(score) for score in scores]


def decisions(scores: list[float]) -> list[int]:
    """Refuse (0) the lowest `REFUSED_SHARE` of the pooled scores, accept (1) the others."""
    refused = round(REFUSED_SHARE * len(scores))
    order = sorted(range(len(scores)), key=lambda place: scores[place])
    lowest = set(order[:refused])
    return [0 if place in lowest else 1 for place in range(len(scores))]


def race(row: dict[str, float | None]) -> str:
    if row["black"] == 1:
        return "Black"
    return "Hispanic" if row["hispan"] == 1 else "white"


def sex(row: dict[str, float | None]) -> str | None:
    """None where the application did not record it."""
    return None if row["male"] is None else ("male" if row["male"] == 1 else "female")


def outputs(rows: list[dict[str, float | None]], scored_at: datetime) -> list[dict[str, object]]:
    """The decisions as they go to the audit: score, decision, the bank's own decision, groups."""
    scores = out_of_fold_scores(rows, SEED)
    return [
        {
            "output_id": f"application-{number:04d}",
            "occurred_at": scored_at.isoformat(),
            "subject": f"applicant-{number:04d}",
            "score": score,
            "y_pred": decision,
            "y_true": int(row["approve"] or 0),
            "race": race(row),
            "sex": sex(row),
        }
        for number, (row, score, decision) in enumerate(
            zip(rows, scores, decisions(scores), strict=True)
        )
    ]


def selection_ratio(rows: list[dict[str, float | None]], accepted: list[int]) -> float:
    """Black to white selection rate, the one comparison declared beforehand."""
    rates = {}
    for group in ("Black", "white"):
        chosen = [one for row, one in zip(rows, accepted, strict=True) if race(row) == group]
        rates[group] = sum(chosen) / len(chosen)
    return rates["Black"] / rates["white"]


def sensitivity_to_the_seed(rows: list[dict[str, float | None]]) -> tuple[float, float]:
    """The smallest and largest ratio over splits by other seeds."""
    ratios = [
        selection_ratio(rows, decisions(out_of_fold_scores(rows, seed))) for seed in OTHER_SEEDS
    ]
    return min(ratios), max(ratios)
