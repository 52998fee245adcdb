"""A video starts playing with a spoken commentary while the rest is still being made."""
