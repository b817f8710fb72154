"""Methods about consent: whether what was served had been asked for."""
