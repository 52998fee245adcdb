"""One question to one model: its deadlines, its attempts, the rest of one that keeps failing."""
