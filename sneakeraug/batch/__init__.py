"""Many pictures at once: read, decoded, embedded, scored, and written a row each and variant."""
