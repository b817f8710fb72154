"""The attribute vault: protected attributes kept apart from scores, joined only inside a run."""
