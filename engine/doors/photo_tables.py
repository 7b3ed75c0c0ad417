"""The table of pictures that were sent as proof."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, false, func

from engine.doors.tables import METADATA, MOMENT, given, must

PHOTOS = Table(
    "photos", METADATA, must("ticket", Text), must("name", Text), must("kind", Text), must("content", LargeBinary),
    Column("token", Text), must("sender", Text), given("made_at", MOMENT, func.now()),
    given("named", Boolean, false()), PrimaryKeyConstraint("ticket", "name"),
)  # fmt: skip
"""A picture of a ticket; ``name`` is the SHA-256 of its bytes, ``kind`` its media type, ``sender`` who sent it,
``token`` that of the ticket's reporter, with whom it is forgotten. ``named``: a command on the log names it as proof.
``made_at`` is the wall's time."""
Index("photos_token", PHOTOS.c.token, postgresql_where=PHOTOS.c.token.is_not(None))
Index("photos_sender", PHOTOS.c.sender, PHOTOS.c.made_at)
Index("photos_age", PHOTOS.c.made_at)
