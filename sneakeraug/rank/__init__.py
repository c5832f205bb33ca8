"""Order, verdicts and sentences."""
