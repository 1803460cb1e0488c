"""Serving a compiled program: chat in the terminal and HTTP endpoints land here (see the open issues)."""
