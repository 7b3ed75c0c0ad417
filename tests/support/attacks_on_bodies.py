"""Attacks by what is sent: JSON that is none or too much, numbers at their ends, CloudEvents' attributes, texts that do
something where they are shown, and keys given twice."""

import json

from tests.support.attacks import BATCH, CE, DATA, WHERE, Attack, binary, event, report, told
from tests.support.attacks_on_people import GIVE, NOTE

FILES = {"url": "https://a.example/1.jpg", "sha256": "0" * 64}

JSON_GAMES = (
    report("no JSON", 400, "no JSON", b"{"),
    report("nothing", 400, "no JSON", b""),
    report("something behind it", 400, "no JSON", b"{} {}"),
    report("a mark before it", 400, "no JSON", b"\xef\xbb\xbf{}"),
    report("two bytes a letter", 400, "no JSON", "{}".encode("utf-16")),
    report("bytes that are no text", 400, "UTF-8", b'{"text":"\xff\xfe"}'),
    report("half a letter", 400, "no JSON", b'{"text":"\\ud800","location":{"grid":"east1"}}'),
    report("no number", 400, "no JSON", b'{"location":{"lat":NaN,"lon":1}}'),
    report("a number without end", 400, "no JSON", b'{"location":{"lat":Infinity,"lon":1}}'),
    report("a number no machine holds", 400, "number", b'{"location":{"lat":1e999,"lon":1}}'),
    report("a number of 5,000 figures", 400, "number", b'{"location":{"lat":' + b"9" * 5000 + b',"lon":1}}'),
    report("40 lists in each other", 400, "nested", b"[" * 40 + b"]" * 40),
    report("100,000 lists in each other", 400, "nested", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    report("100,000 brackets that never close", 400, "nested", b"[" * 100_000),
    report("21,000 lists beside each other", 413, "lists and objects", b"{" + b'"a":[],' * 21_000 + b'"b":1}'),
    report("10,001 members", 413, "members", b"{" + b",".join(b'"%d":1' % n for n in range(10_001)) + b"}"),
    report("a member twice", 400, "given twice", b'{"text":"a","text":"b","location":{"grid":"east1"}}'),
    report("a member twice, deep down", 400, "given twice", b'{"location":{"grid":"east1","grid":"hill1"}}'),
    report("a body of two megabytes", 413, "at most", b'{"text":"' + b"x" * 2_000_000 + b'"}'),
    report("a length that is a lie", 413, "at most", WHERE, content_length="99999999999"),
    report("a length of 5,000 figures", 413, "at most", WHERE, content_length="9" * 5000),
    report("a text of 4,001 letters", 422, "4000", WHERE | {"text": "x" * 4001}),
    report("101 attributes", 422, "attributes", WHERE | {"attributes": {str(n): 1 for n in range(101)}}),
    report("51 pictures", 422, "attachments", WHERE | {"attachments": [FILES] * 51}),
    report("a list", 400, "a JSON object", []),
    report("a text", 400, "a JSON object", "x"),
    report("members of an object's making", 422, "", WHERE | {"__proto__": {"is_admin": True}}),
    report("a member of ours that is none of theirs", 422, "", WHERE | {"identity": "app:A"}),
    report("another type than was said", 415, "send application/json", b"<a/>", content_type="text/xml"),
    report("a type of two", 415, "send application/json", WHERE, content_type="text/plain, application/json"),
    report("two types", 400, "once", WHERE, content_type="application/json", Content_Type="text/plain"),
)

ENDS = (
    report("north of the pole", 422, "lat", {"location": {"lat": 90.0001, "lon": 1}}),
    report("a point of half", 422, "together", {"location": {"lat": 1}}),
    report("a point as a text", 422, "lat", {"location": {"lat": "1", "lon": 1}}),
    report("a year before years", 422, "occurred_at", WHERE | {"occurred_at": "0001-01-01T00:00:00Z"}),
    report("a year after all", 422, "occurred_at", WHERE | {"occurred_at": "9999-12-31T23:59:59Z"}),
    report("a day no calendar has", 422, "occurred_at", WHERE | {"occurred_at": "2026-02-30T00:00:00Z"}),
    report("a moment without a zone", 422, "occurred_at", WHERE | {"occurred_at": "2026-03-02T09:00:00"}),
    report("a moment as a number beyond all", 422, "occurred_at", WHERE | {"occurred_at": 1e300}),
    told(
        "an instant beyond 2^63",
        "desk",
        "POST /v1/commands",
        409,
        "until",
        {"dry_run": True, "commands": [{"ticket": "{ticket}", "kind": "park", "reason": "x", "until": 2**63}]},
    ),
    told("an instant as a text", "desk", GIVE, 422, "until", {"kind": "park", "reason": "x", "until": "now"}),
    told("a command's id of nothing", "desk", GIVE, 422, "id", NOTE | {"id": ""}),
    told("a command's id of 201 letters", "desk", GIVE, 422, "id", NOTE | {"id": "x" * 201}),
    told("a command's text of 4,001 letters", "desk", GIVE, 422, "text", NOTE | {"text": "x" * 4001}),
    told("a kind that is a list", "desk", GIVE, 422, "one of", {"kind": []}),
    told("a child that is a number", "desk", GIVE, 422, "department", NOTE | {"child": 1}),
    told(
        "101 commands",
        "desk",
        "POST /v1/commands",
        422,
        "1 to 100",
        {"commands": [{"ticket": "{ticket}", **NOTE}] * 101},
    ),
    told("no commands", "desk", "POST /v1/commands", 422, "1 to 100", {"commands": []}),
    told("a try that is a text", "desk", "POST /v1/commands", 422, "dry_run", {"commands": [1], "dry_run": "no"}),
    told(
        "a ticket's name of a megabyte",
        "desk",
        "POST /v1/commands",
        404,
        "no such thing",
        {"commands": [{"ticket": "x" * 900_000, "kind": "note"}]},
    ),
    told(
        "one ticket twice at once",
        "desk",
        "POST /v1/commands",
        207,
        "stands here twice",
        {"dry_run": True, "commands": [{"ticket": "{ticket}", **NOTE}, {"ticket": "{ticket}", **NOTE}]},
    ),
    *(
        Attack(f"a page of {text}", "desk", f"GET /v1/queues/desk?limit={text}", 422, "1 to 1000")
        for text in ("0", "-1", "1001", "1e3", "%D9%A3", "9" * 5000, "", "1%00", "0x10", "NaN")
    ),
    *(
        Attack(f"a point at {text}", "desk", f"GET /v1/grid/{text}", 422, "degrees")
        for text in ("91,0", "0,181", "nan,0", "1e999,0", "0,-inf", "%D9%A3,0", "1_0_0,0", "9" * 500 + ",0")
    ),
    Attack("a reference system of nobody's", "desk", "GET /v1/grid/1,1?crs=' or 1=1", 422, "one of WGS84"),
    *(
        Attack(f"numbers by {text}", "desk", f"GET /v1/reports/tickets?{text}", 422, "")
        for text in ("since=99999-01-01", "by=;drop table", "since=2020-01-01", "until=-1", "x=1", "by=party&by=id)--")
    ),
    *(
        Attack(f"a cursor of {text}", "desk", f"GET /v1/queues/desk?cursor={text}", 422, "'next'")
        for text in ("x", "-1~a", "9" * 18 + "~a", "1~", "1~" + "a" * 301, "%00~%00", "1|a")
    ),
    Attack(
        "a page of history at 5,000 figures",
        "desk",
        "GET /v1/tickets/{ticket}/history?cursor=" + "9" * 5000,
        422,
        "'next'",
    ),
    Attack(
        "a state of another version",
        "desk",
        GIVE,
        412,
        "look at it again",
        body=json.dumps(NOTE).encode(),
        headers=(("content-type", "application/json"), ("if-match", '"999"')),
    ),
)


def envelope(name: str, status: int, why: str, given: object, kind: str = CE) -> Attack:
    """A structured CloudEvent, or a batch of them."""
    return report(name, status, why, given, content_type=kind)


EVENTS = (
    envelope("another version of CloudEvents", 400, "CloudEvents 1.0", event(specversion="2.0")),
    envelope("no id", 400, "no attribute id", {k: v for k, v in event().items() if k != "id"}),
    envelope("an id of nothing", 400, "id", event(id="")),
    envelope("an id that is a number", 400, "id", event(id=7)),
    envelope("an id nobody can see", 400, "", event(id="\u200b")),
    envelope("an event's id of two lines", 400, "id", event(id="7\r\nSet-Cookie: a=b")),
    envelope("an id that turns writing round", 400, "id", event(id="7\u202e")),
    envelope("an id of 201 letters", 400, "200", event(id="x" * 201)),
    envelope("another's source", 422, "reports as", event(source="app")),
    envelope("a source in capitals", 422, "reports as", event(source="Hotline")),
    envelope("a source with something unseen", 422, "reports as", event(source="hot\u200bline")),
    envelope("a source that holds an identity", 422, "reports as", event(source="app:A")),
    envelope("a source in other letters", 422, "reports as", event(source="hοtline")),
    envelope("another type of event", 400, "this door takes", event(type="com.example.deleted")),
    envelope("a type of another version", 400, "this door takes", event(type="org.gridwhistle.incident.reported.v9")),
    envelope("a time that is none", 400, "time", event(time="yesterday")),
    envelope("an attribute with an odd name", 400, "", event(**{"no good": "x"})),
    envelope("101 attributes of an event", 413, "attributes", event(**{f"a{n}": "x" for n in range(101)})),
    envelope("data that are a list", 422, "data", event(data=[])),
    envelope("data of 64 bits beside data", 400, "", event(data_base64="e30=")),
    envelope("a batch of nothing", 422, "1 to 100", [], BATCH),
    envelope("a batch of 101", 422, "1 to 100", [event()] * 101, BATCH),
    envelope("a batch in a batch", 422, "", [[event()]], BATCH),
    envelope("a batch of another's", 422, "reports as", [event(source="app")], BATCH),
    report("binary of another's source", 422, "reports as", DATA, **binary(ce_source="app")),
    report("binary of another version", 400, "CloudEvents 1.0", DATA, **binary(ce_specversion="0.3")),
    report(
        "binary without an id",
        400,
        "no attribute id",
        DATA,
        ce_specversion="1.0",
        ce_source="hotline",
        ce_type=binary()["ce_type"],
    ),
    report("binary with an attribute twice", 400, "given twice", DATA, **binary(), CE_Id="8"),
    report("binary with an attribute of 3,000 letters", 400, "2048", DATA, **binary(ce_subject="x" * 3000)),
    report("binary with data of another kind", 400, "", b"<a/>", **binary()),
)

SHOWN = (
    report("writing turned round", 422, "text", WHERE | {"text": "pay\u202eyap"}),
    report("a bell and colours for a terminal", 422, "text", WHERE | {"text": "\x1b[2J\x1b]0;x\x07"}),
    report("a NUL", 422, "text", WHERE | {"text": "a\x00b"}),
    report("a line of log in an id", 422, "id", WHERE | {"id": 'x\n{"level":"info","message":"all is well"}'}),
    report("a head of HTTP in an id", 422, "id", WHERE | {"id": "x\r\nSet-Cookie: a=b"}),
    *(
        report(f"a picture at {url[:30]}", 422, "url", WHERE | {"attachments": [FILES | {"url": url}]})
        for url in (
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,<script>",
            "gopher://a.example/1",
            "ftp://a.example/1",
            "//evil.example/1",
            "http:/evil",
            "\thttps://a.example",
            "http://a\r\nb.example",
            "https://",
        )
    ),
    told(
        "a proof that runs",
        "desk",
        "POST /v1/commands",
        409,
        "proof",
        {"dry_run": True, "commands": [{"ticket": "{ticket}", "kind": "attach", "proof": ["javascript:alert(1)"]}]},
    ),
)

AGAIN = (
    report("a key with another body", 422, "another request", WHERE | {"text": "other"}, idempotency_key="k1"),
    report("a key with another type", 422, "another request", WHERE, idempotency_key="k1", content_type=CE),
    told(
        "a key at another address",
        "app",
        "POST /v1/tickets/{own}/commands",
        422,
        "another request",
        NOTE,
        idempotency_key="k1",
    ),
    report(
        "another's key, and nothing of theirs is told", 422, "lat", {"location": {"lat": 1}}, "ap", idempotency_key="k1"
    ),
    report("a key of nothing", 422, "printable", WHERE, idempotency_key=""),
    report("a key of 201 letters", 422, "printable", WHERE, idempotency_key="k" * 201),
    report("a key of two lines", 422, "printable", WHERE, idempotency_key="k\r\nx: y"),
    report("two keys", 400, "once", WHERE, idempotency_key="k8", Idempotency_Key="k9"),
)
