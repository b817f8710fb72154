"""Runs holisticai on a CSV in its own environment and prints its contrasts as JSON.

python holisticai_numbers.py FILE TRUTH DECISION GROUP A B: A against B, as the package defines it.
"""

import json
import sys


def main() -> None:
    """Print one number a metric."""
    import pandas as pd
    from holisticai.bias import metrics

    path, truth, decision, group, first, second = sys.argv[1:]
    frame = pd.read_csv(path, dtype={group: str})
    a, b = frame[group] == first, frame[group] == second
    decided, deserved = frame[decision], frame[truth]
    print(
        json.dumps(
            {
                "statistical_parity": float(metrics.statistical_parity(a, b, decided)),
                "disparate_impact": float(metrics.disparate_impact(a, b, decided)),
                "equal_opportunity_diff": float(
                    metrics.equal_opportunity_diff(a, b, decided, deserved)
                ),
                "false_positive_rate_diff": float(
                    metrics.false_positive_rate_diff(a, b, decided, deserved)
                ),
            }
        )
    )


if __name__ == "__main__":
    main()
