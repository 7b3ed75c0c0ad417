"""Attacks by addresses and heads: segments, hosts, streams, and the Open311 door with its XML and forms."""

from urllib.parse import quote, urlencode

from tests.support.attacks import FORM, HERE, Attack

SEGMENTS = tuple(
    Attack(f"the address {path[:60]}", "south", f"GET {path}", 404, HERE)
    for path in (
        "/v1/../v1/accounts",
        "/v1/%2e%2e/v1/accounts",
        "/v1/queues/..%2f..%2faccounts",
        "/v1/tickets/{ticket}%00",
        "/v1/tickets/%00",
        "/v1/tickets/{ticket}/",
        "/v1/tickets//{ticket}",
        "//v1/queues",
        "/v1//queues",
        "/V1/queues",
        "/v1/Queues",
        "/v1/queues/",
        "/v1/queues;x=1",
        "/v1/queues%20",
        "/v1/queues%0a",
        "/v1/tickets/%c0%ae%c0%ae/x",
        "/v1/tickets/%e2%80%8b{ticket}",
        "/%ef%bd%961/queues",
        "/v1/tickets/" + "a" * 9000,
        "/v1/tickets/" + "%2e%2e/" * 500,
        "/v1/tickets/{ticket}/history/..",
        "/v1/tickets/{ticket}/urban/1",
        "/v1/tickets/{shouted_ticket}",
        "/v1/tickets/east-%d9%a2%d9%a0%d9%a2%d9%a60302-1",
        "/v1/tickets/east-20260302-1%0d%0aSet-Cookie:%20a=b",
        "/v1/tickets/app%253AA",
        "/v1/tickets/*",
        "/v1/tickets/east-20260302-[0-9]",
        "/v1/queues/grid:east%20or%201=1",
        "/v1/queues/person:desk-1/..",
        "/v1/queues/street:north/../south",
        "/v1/queues/tier:",
        "/v1/queues/%00",
        "/v1/queues/" + "x" * 5000,
        "/openapi.json/",
        "/docs",
        "/redoc",
        "/metrics",
        "/.env",
        "/static/../../etc/passwd",
        "/v1/reports/..%2f..%2fetc",
        "/v1/packs/in-force/",
        "//evil.example/%2e%2e",
        "/%5cevil.example/..",
    )
)

HEADS = (
    Attack(
        "a host that is an address with a user",
        "nobody",
        "GET /livez",
        400,
        "Host",
        headers=(("host", "a@evil.example"),),
    ),
    Attack(
        "a host that is markup",
        "nobody",
        "GET /open311/v2/discovery.xml",
        400,
        "Host",
        headers=(("host", 'a"><script>alert(1)</script>'),),
    ),
    Attack(
        "a host with a path",
        "nobody",
        "GET /open311/v2/discovery.json",
        400,
        "Host",
        headers=(("host", "evil.example/a"),),
    ),
    Attack("a host of two", "nobody", "GET /livez", 400, "Host", headers=(("host", "a.example, b.example"),)),
    Attack("two hosts", "nobody", "GET /livez", 400, "once", headers=(("host", "a.example"), ("host", "127.0.0.1"))),
    Attack("a host of 300 letters", "nobody", "GET /livez", 400, "Host", headers=(("host", "a" * 300),)),
    Attack("a way to another host by a slash", "nobody", "GET /livez/", 404, HERE, headers=(("host", "evil.example"),)),
    Attack("seats by another host", "nobody", "GET /v1/seats", 404, HERE, headers=(("host", "evil.example"),)),
    Attack(
        "seats by another host before a proxy",
        "nobody",
        "GET /v1/seats",
        404,
        HERE,
        headers=(("host", "evil.example"), ("x-forwarded-host", "127.0.0.1"), ("x-forwarded-for", "127.0.0.1")),
    ),
    Attack(
        "another address by a head",
        "south",
        "GET /v1/nothing",
        404,
        HERE,
        headers=(("x-original-url", "/v1/accounts"), ("x-rewrite-url", "/v1/accounts")),
    ),
    Attack(
        "another's address by a head",
        "nobody",
        "GET /v1/queues",
        401,
        "send a key",
        headers=(("x-forwarded-user", "chief-1"), ("x-remote-user", "chief-1"), ("forwarded", "for=127.0.0.1")),
    ),
    Attack("a stream of no queue", "desk", "GET /v1/stream?queue=../x", 404, HERE),
    Attack("a stream of a queue of nothing", "desk", "GET /v1/stream?queue=", 404, HERE),
    Attack("a stream of 10,000 letters", "desk", "GET /v1/stream?queue=" + "x" * 10_000, 404, HERE),
    Attack(
        "a stream to go on by two heads",
        "desk",
        "GET /v1/stream",
        400,
        "once",
        headers=(("last-event-id", "1.1"), ("last-event-id", "2.2")),
    ),
    Attack("a stream by who says who may come in", "security_admin", "GET /v1/stream?queue=desk", 404, HERE),
)

BOMB = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 1000 + b'"><!ENTITY c "' + b"&b;" * 1000 + b'">]><request>&c;</request>'
ENTITY = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><request><description>&x;</description></request>'
GOOD = {"service_code": "bins", "address_id": "east1", "description": "full"}


def form(
    name: str, status: int, why: str, who: str = "hotline", ask: str = "POST /open311/v2/requests.json", **given: str
) -> Attack:
    """A request by Open311."""
    return Attack(name, who, ask, status, why, urlencode(GOOD | given).encode(), (("content-type", FORM),))


def posted(name: str, why: str, body: bytes, kind: str) -> Attack:
    """A request that is no form."""
    return Attack(name, "hotline", "POST /open311/v2/requests.xml", 400, why, body, (("content-type", kind),))


OPEN311 = (
    posted("XML that reads a file", "send application", ENTITY, "text/xml"),
    posted("XML that grows a thousandfold", "send application", BOMB, "application/xml"),
    posted("a form of parts", "send application", b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
    posted("XML that says it is a form", "200 fields", BOMB, FORM),
    posted("a form of 201 fields", "200 fields", b"&".join(b"a%d=1" % n for n in range(201)), FORM),
    posted("a form that is no text", "200 fields", b"service_code=%ff%fe", FORM),
    form("no key", 403, "api_key", who="nobody"),
    form("a key of nobody's", 403, "api_key", who="nobody", api_key="gwk_a_b"),
    form("a department's key", 403, "api_key", who="nobody", api_key="{fire_key}"),
    form("a person's key", 403, "api_key", who="nobody", api_key="{desk_key}"),
    form("by a person", 404, HERE, who="desk"),
    form("a service nobody offers", 400, "service_code", service_code="' or 1=1"),
    form("a picture that runs", 400, "media_url", media_url="javascript:alert(1)"),
    form("a picture in this machine's files", 400, "media_url", media_url="file:///etc/passwd"),
    form("a point that is none", 400, "lat", lat="x", long="1"),
    form("a point without end", 400, "", lat="1e999", long="1"),
    form("a point that is no number", 400, "", lat="nan", long="1"),
    form("a point in another's figures", 400, "", lat="٣_0", long="1"),
    form("4,001 letters", 400, "4000", description="x" * 4001),
    form("a description turned round", 400, "text", description="a\u202eb"),
    form("a colour for a terminal", 400, "text", description="\x1b[31m"),
    form("for another city", 404, HERE, jurisdiction_id="elsewhere"),
    form("an id of two lines", 400, "id", **{"attribute[external_id]": "a\r\nb"}),
    form("no place", 400, "send lat and long", address_id=""),
    form("another format", 404, HERE, ask="POST /open311/v2/requests.html"),
    form("a format with more behind it", 404, HERE, ask="POST /open311/v2/requests.json%00"),
    Attack("another's request", "hotline", "GET /open311/v2/requests/{ticket}.json", 404, HERE),
    Attack("another's request in XML", "hotline", "GET /open311/v2/requests/{ticket}.xml", 404, HERE),
    Attack(
        "51 requests at once",
        "hotline",
        "GET /open311/v2/requests.json?service_request_id=" + ",".join("x" * 51),
        400,
        "at most 50",
    ),
    Attack(
        "a service with markup for a name",
        "nobody",
        "GET /open311/v2/services/" + quote("<script>") + ".xml",
        404,
        HERE,
    ),
)
