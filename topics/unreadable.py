"""What msgspec raises of bytes that it cannot read: three kinds of error, of which two do not derive from its own."""

import msgspec

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""No JSON or not of its kind; text that is not UTF-8; nested a thousand levels deep. Who catches one catches all."""
