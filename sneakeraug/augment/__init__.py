"""The six augmentations: pure kernels, names, recorded parameters."""
