"""Feature rows to probabilities with ranges."""
