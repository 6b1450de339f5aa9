"""Cache of features."""
