"""The rooms where a line becomes sound."""
