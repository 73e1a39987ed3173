"""Training: one loop for every family and every device."""
