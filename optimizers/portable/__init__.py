"""A compiled program as one file for any language, and back: ``docs/portable.md`` describes the file.

``schema.py`` says what is in it, ``build.py`` makes it from a program, ``formats.py`` writes it in each format,
``reader.py`` reads an edited one with line numbers, ``restore.py`` makes a program of it again.
"""
