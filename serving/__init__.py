"""Serving a compiled program: a conversation recovered from a chat client's messages, and the model that MLflow serves.

Chat in the terminal and HTTP endpoints land here, too (see the open issues).
"""
