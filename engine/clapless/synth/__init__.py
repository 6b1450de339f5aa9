"""Synthetic sound and synthetic shoots with exact truth, for tests, benchmarks and the demo."""
