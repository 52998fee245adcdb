"""The command line: asks the engine in this process, or a server by its URL."""
