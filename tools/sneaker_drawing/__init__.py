"""Draw studio pictures of invented sneakers from parametric 3-D surfaces."""
