"""Attacks by an address that we would send to: this machine, its network, whoever answers for another."""

from tests.support.attacks import HERE, Attack, told

WHERE = (
    "http://a.example/x", "ftp://a.example/x", "file:///etc/passwd", "gopher://a.example/1", "javascript:alert(1)",
    "https://127.0.0.1/x", "https://localhost/x", "https://127.1/x", "https://2130706433/x", "https://0x7f000001/x",
    "https://0177.0.0.1/x", "https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://0.0.0.0/x", "https://[::]/x",
    "https://10.0.0.1/x", "https://192.168.1.1/x", "https://172.16.0.1/x", "https://169.254.169.254/latest/meta-data",
    "https://[fe80::1]/x", "https://[fd00::1]/x", "https://100.64.0.1/x", "https://224.0.0.1/x",
    "https://user:secret@a.example/x", "https://a.example@127.0.0.1/x", "https:///x", "https://", "//a.example/x",
    "https://a.example:99999/x", "https://a.example\r\nHost: b.example/x", "https://a.example/" + "x" * 5000, "",
)  # fmt: skip
ADD = "POST /v1/departments/fire/webhooks"

WEBHOOKS: tuple[Attack, ...] = (
    *(told(f"a webhook to {url[:60]!r}", "fire", ADD, 422, "url", {"url": url}) for url in WHERE),
    told("a webhook to a list", "fire", ADD, 422, "url", {"url": ["https://a.example/x"]}),
    told("a webhook to nowhere", "fire", ADD, 422, "url", {}),
    told("a webhook of another department", "fire", "POST /v1/departments/urban/webhooks", 404, HERE,
         {"url": "https://a.example/x"}),
    told("a webhook of a department by a source", "app", ADD, 404, HERE, {"url": "https://a.example/x"}),
    told("a webhook of a department by an auditor", "auditor", ADD, 404, HERE, {"url": "https://a.example/x"}),
    Attack("another department's events", "fire", "GET /v1/departments/urban/events", 404, HERE),
    Attack("a department's events by a path", "fire", "GET /v1/departments/fire/../urban/events", 404, HERE),
    Attack("a department in capitals", "fire", "GET /v1/departments/FIRE/events", 404, HERE),
    told("a token for the asking", "nobody", "POST /v1/token", 400, "invalid_request", {"grant_type": "password"}),
    Attack("a token by a person's password", "nobody", "POST /v1/token", 400, "unsupported_grant_type",
           b"grant_type=password&username=desk-1&password=x", (("content-type", "application/x-www-form-urlencoded"),)),
    Attack("a token by a key's id alone", "nobody", "POST /v1/token", 401, "invalid_client",
           b"grant_type=client_credentials&client_id={key_id}",
           (("content-type", "application/x-www-form-urlencoded"),)),
    Attack("a login where there is none", "nobody", "GET /v1/session/oidc?role=chief", 404, HERE),
    Attack("a way back from no login", "nobody", "GET /v1/session/oidc/callback?state=x&code=y", 404, HERE),
)  # fmt: skip
