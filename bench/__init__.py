"""What the server adds to what the vendors take, measured against them in the same run."""
