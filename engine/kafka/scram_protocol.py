"""What of Kafka's protocol is about SCRAM users and what the client library lacks: two requests (KIP-554), written as
the library writes its own."""

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    TaggedFields,
)
from aiokafka.protocol.types import Schema as Fields

TEXT = CompactString("utf-8")
SCRAM_SHA_512 = 2


class DescribeUsersResponse(Response):  # type: ignore[misc]
    """Which users there are."""

    API_KEY, API_VERSION = 50, 0
    SCHEMA = Fields(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", TEXT),
        (
            "results",
            CompactArray(
                ("user", TEXT),
                ("error_code", Int16),
                ("error_message", TEXT),
                ("infos", CompactArray(("mechanism", Int8), ("iterations", Int32), ("tags", TaggedFields))),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class DescribeUsersV0(RequestStruct):  # type: ignore[misc]
    """DescribeUserScramCredentials, version 0; no list of users means all."""

    API_KEY, API_VERSION, FLEXIBLE_VERSION = 50, 0, True
    RESPONSE_TYPE = DescribeUsersResponse
    SCHEMA = Fields(("users", CompactArray(("name", TEXT), ("tags", TaggedFields))), ("tags", TaggedFields))


class DescribeUsers(Request[DescribeUsersV0]):  # type: ignore[misc]
    """Ask for all users."""

    API_KEY = 50

    def build(self, request_struct_class: type[DescribeUsersV0]) -> DescribeUsersV0:
        """Ask for all of them."""
        return request_struct_class(None, {})


class AlterUsersResponse(Response):  # type: ignore[misc]
    """What came of each."""

    API_KEY, API_VERSION = 51, 0
    SCHEMA = Fields(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(("user", TEXT), ("error_code", Int16), ("error_message", TEXT), ("tags", TaggedFields)),
        ),
        ("tags", TaggedFields),
    )


class AlterUsersV0(RequestStruct):  # type: ignore[misc]
    """AlterUserScramCredentials, version 0."""

    API_KEY, API_VERSION, FLEXIBLE_VERSION = 51, 0, True
    RESPONSE_TYPE = AlterUsersResponse
    SCHEMA = Fields(
        ("deletions", CompactArray(("name", TEXT), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUsers(Request[AlterUsersV0]):  # type: ignore[misc]
    """Make users: name, iterations, salt and salted password of each."""

    API_KEY = 51

    def __init__(self, made: list[tuple[str, int, bytes, bytes]]) -> None:
        """Keep what is to be made."""
        self._made = made

    def build(self, request_struct_class: type[AlterUsersV0]) -> AlterUsersV0:
        """Write it."""
        tags: dict[int, bytes] = {}
        made = [(name, SCRAM_SHA_512, rounds, salt, salted, tags) for name, rounds, salt, salted in self._made]
        return request_struct_class([], made, {})
