"""A long time of the shipped server behind the shipped nginx, lived through in minutes."""
