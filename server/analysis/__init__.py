"""Several models answer one question at once, their words interleaved."""
