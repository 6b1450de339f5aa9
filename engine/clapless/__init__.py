"""Clapless puts recordings of one event on one clock."""
