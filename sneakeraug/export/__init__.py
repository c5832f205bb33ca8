"""What leaves the product: pictures fit for e-mail, and files that other programs open."""
