"""aequitas on the first rows of a Parquet file, in its own environment: prints CPU as JSON.

Run by the environment of `make peers`: python aequitas_crosstabs.py FILE ROWS
"""

import contextlib
import io
import json
import sys
import time
import warnings


def main() -> None:
    """Count the groups one by one and crossed, and their disparities."""
    import pandas as pd
    from aequitas.bias import Bias
    from aequitas.group import Group

    frame = pd.read_parquet(sys.argv[1]).head(int(sys.argv[2]))
    frame = frame.rename(columns={"y_true": "label_value", "y_pred": "score"})
    before = time.process_time()
    frame["both"] = frame["gender"] + " " + frame["age"]
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        counts, _ = Group().get_crosstabs(frame, attr_cols=["gender", "age", "both"])
        Bias().get_disparity_major_group(counts, original_df=frame)
    print(json.dumps({"cpu": time.process_time() - before}))


if __name__ == "__main__":
    main()
