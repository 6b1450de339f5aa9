"""Kinds of evidence, one folder each."""
