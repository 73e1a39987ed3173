"""Looking into trained models: what a person then names, so that others can use it."""
