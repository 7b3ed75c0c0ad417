"""What the addresses of pictures, ours and those that lie elsewhere, take and give, by example."""

from typing import Any

from engine.gateway.example import Example

PHOTO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
_PICTURE: dict[str, Any] = {"type": "string", "format": "binary"}

OF_PHOTOS: dict[str, Example] = {
    "photo_add": Example(
        201,
        {"photo": PHOTO, "proof": f"photo:{PHOTO}", "bytes": 204800},
        takes={kind: (_PICTURE, "…") for kind in ("image/jpeg", "image/png", "image/webp")},
        fails=("unreadable", "foreign-origin", "not-found", "no-archive", "refused", "too-large", "wrong-type"),
    ),
    "attachments": Example(
        200,
        {"attachments": [{"address": "https://pictures.example/1.jpg", "is_whole": True}], "gone": False},
        fails=("not-found", "no-archive"),
    ),
    "photo": Example(200, "…", "image/jpeg", fails=("not-found", "no-archive")),
}
"""Route -> its example."""
