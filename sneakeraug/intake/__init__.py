"""Bytes from outside become a photo, or a clear refusal."""
