"""The command ``raise``: thin commands that turn options into calls and results into tables or JSON."""
