"""The probe: fixed items with known right answers that show whether a model is fit for a role.

``items.py`` reads the items; ``read.py``, ``rate.py``, ``choose.py``, ``triage.py``, ``respond.py``, ``grade.py`` and
``play.py`` put them to a model, one file a kind of call; ``limits.py`` has every measure with its threshold,
``verdicts.py`` turns counts into words and settings, ``run.py`` does the work, ``notes.py`` keeps the result.
"""
