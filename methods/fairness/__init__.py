"""Group fairness of decisions: the cube, the rates, the contrasts and the method itself."""
