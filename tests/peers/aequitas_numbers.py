"""Runs aequitas on a CSV in its own environment and prints its counts and disparities as JSON.

python aequitas_numbers.py FILE TRUTH DECISION REFERENCE GROUP: no part of Tactful is imported.
"""

import contextlib
import io
import json
import sys
import warnings

SHARES = ("ppr", "pprev", "tpr", "fpr", "fnr", "precision")
DISPARITIES = ("ppr_disparity", "pprev_disparity", "tpr_disparity", "fpr_disparity")


def main() -> None:
    """Print one object a group."""
    import aequitas
    import pandas as pd
    from aequitas.bias import Bias
    from aequitas.group import Group

    path, truth, decision, reference, group = sys.argv[1:]
    frame = pd.read_csv(path, dtype={group: str})
    frame = frame.rename(columns={truth: "label_value", decision: "score"})
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        counts, _ = Group().get_crosstabs(frame, attr_cols=[group])
        table = Bias().get_disparity_predefined_groups(
            counts, original_df=frame, ref_groups_dict={group: reference}
        )
    names = ("tp", "fp", "fn", "tn", "group_size", *SHARES, *DISPARITIES)
    groups = {
        row["attribute_value"]: {name: float(row[name]) for name in names}
        for _, row in table.iterrows()
    }
    print(json.dumps({"version": aequitas.__version__, "groups": groups}))


if __name__ == "__main__":
    main()
