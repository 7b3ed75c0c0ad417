"""Takes one record of a batch of format 2 apart: where the library gives up on one, the others of its batch are
kept."""


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """Read a number of variable length; answers it, and where the next member begins."""
    value = shift = 0
    while True:
        byte = data[at]
        value, at = value | (byte & 0x7F) << shift, at + 1
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than ten bytes")


def sized(data: memoryview, at: int) -> tuple[bytes | None, int]:
    """Read a member that says its length; ``None``: it is null."""
    size, at = varint(data, at)
    if size < 0:
        return None, at
    if at + size > len(data):
        raise ValueError("a member longer than its record")
    return bytes(data[at : at + size]), at + size


def record(
    data: memoryview,
) -> tuple[int, int, bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...] | None]:
    """Take one record apart: offset and time less the batch's, key, value, headers (``None``: they cannot be read)."""
    when, at = varint(data, 1)
    offset, at = varint(data, at)
    key, at = sized(data, at)
    value, at = sized(data, at)
    try:
        count, at = varint(data, at)
        headers = []
        for _ in range(count):
            name, at = sized(data, at)
            text, at = sized(data, at)
            headers.append(((name or b"").decode(), text))
    except (ValueError, IndexError):
        return offset, when, key, value, None
    return offset, when, key, value, tuple(headers)
