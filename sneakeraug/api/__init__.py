"""The service: the same engine as the page, for other programs, over HTTP."""
