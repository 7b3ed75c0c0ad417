"""Attacks on who one is: forged and stolen keys, tokens and cookies, guesses, other pages, what is another's."""

from tests.support.attacks import DATA, HERE, WHERE, Attack, report, told

UNKNOWN = "unknown, revoked or has expired"
NOBODY = "send a key as"
NONE_ALG = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJkZXNrLTEiLCJyb2xlIjoiZGVzayJ9."
SIGNED = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZXNrLTEifQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
PAGE = "GET /v1/tickets/{ticket}"
GIVE = "POST /v1/tickets/{ticket}/commands"
NOTE = {"kind": "note", "text": "x"}


def by(name: str, text: str, why: str = UNKNOWN, ask: str = "GET /v1/queues") -> Attack:
    """Something in ``Authorization``."""
    return Attack(name, "nobody", ask, 401, why, headers=(("authorization", text),))


def cookie(name: str, text: str) -> Attack:
    """Something as the session's cookie."""
    return Attack(name, "nobody", "GET /v1/session", 401, NOBODY, headers=(("cookie", f"gridwhistle_session={text}"),))


TOKENS = (
    by("a key that nobody drew", "Bearer gwk_000000000000_" + "0" * 48),
    by("a key's id with another secret", "Bearer gwk_{key_id}_" + "0" * 48),
    by("a key's id with no secret", "Bearer gwk_{key_id}_"),
    by("a key that has expired", "Bearer {expired}"),
    by("a key that was revoked", "Bearer {revoked}"),
    by("a key in capitals", "Bearer {shouted}"),
    by("a key with something behind it", "Bearer {key}_x"),
    by("a key's hash instead of its secret", "Bearer gwk_{key_id}_{hash}"),
    by("a JWT that says it needs no signature", f"Bearer {NONE_ALG}"),
    by("a JWT signed by nobody", f"Bearer {SIGNED}"),
    by("a JWT of three dots", "Bearer ..."),
    by("basic with a wrong key", "Basic eDpnd2tfYV9i"),
    by("basic that is no base64", "Basic ????"),
    by("basic of bytes that are no text", "Basic //79"),
    by("a scheme of another time", 'Digest username="desk-1", response="0"'),
    by("a key under no scheme", "{key}"),
    by("an empty Authorization", ""),
    by("a bearer of 100,000 characters", "Bearer gwk_a_" + "b" * 100_000),
    Attack("a key in the query", "nobody", "GET /v1/queues?access_token={key}", 401, NOBODY),
    Attack("a key in the address of a person's page", "nobody", "GET /v1/queues?api_key={key}", 401, NOBODY),
    Attack(
        "two Authorizations, the good one first",
        "nobody",
        "GET /v1/queues",
        400,
        "once",
        headers=(("authorization", "Bearer {desk_key}"), ("authorization", "Bearer x")),
    ),
    Attack(
        "a wrong key beside a good cookie",
        "cookie",
        "GET /v1/session",
        401,
        UNKNOWN,
        headers=(("authorization", "Bearer gwk_a_b"),),
    ),
    cookie("a cookie that nobody was given", "A" * 43),
    cookie("a cookie of 300 characters", "A" * 300),
    cookie("a cookie that names another key of Redis", "../../positions"),
    cookie("a cookie that is a key's text", "{desk_key}"),
    cookie("a cookie of a session that was ended", "{ended}"),
    cookie("a cookie of an account that was disabled", "{disabled}"),
    cookie("a cookie that was fixed before the login", "{fixed}"),
)


def login(name: str, status: int, why: str, given: object, **headers: str) -> Attack:
    """A try to begin a session."""
    return told(name, "nobody", "POST /v1/session", status, why, given, **headers)


LOGINS = (
    login("an account that is not there", 401, "let nobody in", {"name": "root", "password": "x" * 12}),
    login("a wrong password", 401, "let nobody in", {"name": "auditor-1", "password": "x" * 12}),
    login("an account that is disabled", 401, "let nobody in", {"name": "gone-1", "password": "{gone_password}"}),
    login("a name of 5,000 letters", 422, "the name of an account", {"name": "x" * 5000, "password": "x" * 12}),
    login("a password of a megabyte", 413, "at most", {"name": "auditor-1", "password": "x" * 1_100_000}),
    login("a password of 5,000 letters", 422, "its password", {"name": "auditor-1", "password": "x" * 5000}),
    login("a name that is an object", 422, "the name of an account", {"name": {"$ne": 1}, "password": "x"}),
    login("a password that is a list", 422, "its password", {"name": "auditor-1", "password": ["x"]}),
    login("a name with a NUL", 401, "let nobody in", {"name": "auditor-1\x00", "password": "x" * 12}),
    login("a name in other letters", 401, "let nobody in", {"name": "аuditor-1", "password": "x" * 12}),
    login("a seat outside of the roster", 422, "send role and person", {"role": "auditor", "person": "auditor-1"}),
    login("a seat in a role that is not theirs", 422, "nobody of that name", {"role": "chief", "person": "desk-1"}),
    login("a seat whose role is a list", 422, "send role and person", {"role": [], "person": "desk-1"}),
    login("a seat whose role is an object", 422, "send role and person", {"role": {}, "person": "desk-1"}),
    login("a seat of the engine's own", 422, "nobody of that name", {"role": "source", "person": "app"}),
    login(
        "a seat by another name of this machine", 404, HERE, {"role": "desk", "person": "desk-1"}, host="evil.example"
    ),
    login(
        "a seat by a host that begins like ours",
        404,
        HERE,
        {"role": "desk", "person": "desk-1"},
        host="127.0.0.1.evil.example",
    ),
    login(
        "a login from another page", 403, "Origin", {"role": "desk", "person": "desk-1"}, origin="http://evil.example"
    ),
    login(
        "a login as a form that any page may send",
        415,
        "application/json",
        b'{"role":"desk","person":"desk-1"}',
        content_type="text/plain",
    ),
    login("a login that is a list", 400, "a JSON object", []),
)


def forged(name: str, status: int, why: str, **headers: str) -> Attack:
    """A request that another page makes a browser send, with the cookie of its owner."""
    return told(name, "cookie", "POST /v1/incidents", status, why, WHERE, **headers)


PAGES = (
    forged("from another site", 403, "Origin", origin="http://evil.example"),
    forged("from a page without an origin", 403, "Origin", origin="null"),
    forged("from a host that begins like ours", 403, "Origin", origin="http://127.0.0.1.evil.example"),
    forged("from another port", 403, "Origin", origin="http://127.0.0.1:81"),
    forged("from an origin of two hosts", 403, "Origin", origin="http://127.0.0.1,http://evil.example"),
    forged("from another site, as the browser says", 403, "another site", sec_fetch_site="cross-site"),
    forged("from a neighbour of the site", 403, "another site", sec_fetch_site="same-site"),
    told(
        "a command as text, which needs no leave",
        "cookie",
        GIVE,
        415,
        "application/json",
        NOTE,
        content_type="text/plain",
    ),
    told(
        "a command as a form",
        "cookie",
        GIVE,
        415,
        "application/json",
        NOTE,
        content_type="application/x-www-form-urlencoded",
    ),
    told("a command of no type", "cookie", GIVE, 415, "application/json", NOTE, content_type=""),
    told(
        "a command as parts",
        "cookie",
        GIVE,
        415,
        "application/json",
        NOTE,
        content_type="multipart/form-data; boundary=x",
    ),
    Attack("ending the session by a GET", "cookie", "GET /v1/session/end", 404, HERE),
    Attack(
        "another method by a header",
        "cookie",
        "GET /v1/accounts",
        404,
        HERE,
        headers=(("x-http-method-override", "DELETE"),),
    ),
    Attack("disabling by a GET", "security_admin", "GET /v1/accounts/idle/disable", 405, "another method"),
    Attack(
        "ending another's session by a form's method", "cookie", "PUT /v1/session?_method=DELETE", 405, "another method"
    ),
    Attack("TRACE", "desk", "TRACE /v1/queues", 405, "another method"),
    Attack(
        "a leave asked for by another site",
        "cookie",
        "OPTIONS /v1/incidents",
        405,
        "another method",
        headers=(("origin", "http://evil.example"), ("access-control-request-method", "POST")),
    ),
)

OTHERS = (
    Attack("another street's ticket", "south", PAGE, 404, HERE),
    Attack("another source's ticket", "hotline", PAGE, 404, HERE),
    Attack("a source whose name begins like its owner's", "ap", PAGE, 404, HERE),
    Attack("another department's ticket", "fire", PAGE, 404, HERE),
    Attack("a ticket by who runs the machines", "system_admin", PAGE, 404, HERE),
    Attack("a ticket by who says who may come in", "security_admin", PAGE, 404, HERE),
    Attack("another source's by its identity", "hotline", "GET /v1/tickets/app:A", 404, HERE),
    Attack("queues by a source", "hotline", "GET /v1/queues", 404, HERE),
    Attack("a stream by a department's system", "fire", "GET /v1/stream?queue=dept:fire", 404, HERE),
    Attack("accounts by the chief", "chief", "GET /v1/accounts", 404, HERE),
    Attack("what was turned away by a street", "south", "GET /v1/rejected", 404, HERE),
    Attack("a pack tried by a source", "hotline", "POST /v1/packs/check", 404, HERE, body=b"{}"),
    told("a command on another street's", "south", GIVE, 404, HERE, NOTE),
    told("a command by who only looks", "auditor", GIVE, 404, HERE, NOTE),
    told("a report by a department", "fire", "POST /v1/incidents", 404, HERE, WHERE),
    report(
        "a report as another source",
        422,
        "reports as 'hotline'",
        DATA,
        ce_specversion="1.0",
        ce_id="1",
        ce_source="app",
        ce_type="org.gridwhistle.incident.reported.v1",
    ),
    told(
        "a command of another's name",
        "desk",
        GIVE,
        422,
        "note takes",
        NOTE | {"actor": {"role": "chief", "person": "chief-1"}},
    ),
    told("a command of another time", "desk", GIVE, 422, "note takes", NOTE | {"accepted_at": 1}),
    told("a command the engine alone gives", "desk", GIVE, 422, "one of", {"kind": "adopt_pack", "pack": "x"}),
    told("a roster by a ticket's door", "desk", GIVE, 422, "one of", {"kind": "set_duty"}),
    told(
        "a command of many for another's ticket",
        "south",
        "POST /v1/commands",
        404,
        HERE,
        {"commands": [{"ticket": "{ticket}", **NOTE}]},
    ),
    told(
        "a merge into a ticket of a forged name",
        "desk",
        "POST /v1/commands",
        409,
        "refused",
        {"dry_run": True, "commands": [{"ticket": "{ticket}", "kind": "duplicate_of", "target": "../../x"}]},
    ),
)
