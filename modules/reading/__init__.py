"""Reading answers without believing inventions: code checks that each fact rests on words that the person said.

``matching.py`` finds words in a text whatever their case, width or ending, ``vocabulary.py`` knows which words can
speak of which attribute (``vocabulary.toml``, by language), ``statements.py`` leaves out what is doubt or refusal,
``grounds.py`` checks facts, ``plain.py`` reads short answers without a model. ``questions.py`` checks that a
question is about its attribute, ``inventions.py`` that an answer states nothing about the person that nobody gave.
"""
