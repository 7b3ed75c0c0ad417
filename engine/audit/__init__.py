"""The auditor: reads the log from its beginning and re-derives what should have happened (DESIGN 5.8, 13).

It shares no code with ``rules/`` or the stages beyond the record types of ``topics/``: what it computes (working time,
deadlines, the split) is written a second time and differently, so that one mistake does not hide another.
"""
