"""The network: training, weights, photos to outputs and embeddings."""
