"""What outlives a run: products, pictures and embeddings in a database."""
