"""Photos with products and splits, their variations, and simulated campaigns."""
