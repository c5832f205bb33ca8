"""Files that mean harm, and what each door makes of them."""
