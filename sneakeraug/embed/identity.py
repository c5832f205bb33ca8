"""Learning which pictures show one product: supervised contrast within a batch."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

TEMPERATURE: Final = 0.1


def product_contrast(identity: Tensor, products: Tensor) -> Tensor:
    """Return how badly pictures of one product lie together and apart from all others.

    Parameters
    ----------
    identity
        Unit rows, shape ``(n, d)``.
    products
        Product number of each, from 0; -1 for a picture of none, which is left out. Shape ``(n,)``.

    Returns
    -------
    loss
        Supervised contrastive loss (Khosla et al., "Supervised contrastive learning", 2020),
        mean over pictures that have another one of their product in the batch; 0 where none has.
    """
    identity, products = identity[products >= 0], products[products >= 0]
    itself = torch.eye(len(products), dtype=torch.bool, device=identity.device)
    same = (products[:, None] == products[None]) & ~itself
    log_p = (identity @ identity.T / TEMPERATURE).masked_fill(itself, -1e9).log_softmax(dim=1)
    count = same.sum(dim=1)
    each = -(log_p * same).sum(dim=1) / count.clamp_min(1)
    return each.sum() / (count > 0).sum().clamp_min(1)
