"""Marker lists: reading, writing, and moving them through a time map."""
