"""Products whose pictures are offered as alternates."""
