"""Vendors played by local servers that speak their real wire formats, faults included."""
