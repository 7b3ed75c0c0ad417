"""A department's receiver of webhooks in plain Python: verifies, keeps each event once, only then says so. Run behind
TLS, the secret in GRIDWHISTLE_WEBHOOK_SECRET: python receive.py PORT FILE"""

import base64
import hmac
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

key = base64.b64decode(os.environ["GRIDWHISTLE_WEBHOOK_SECRET"].removeprefix("whsec_"))
lock = threading.Lock()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        name, sent, given = (self.headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), 1 << 20))
        good = b"v1," + base64.b64encode(hmac.digest(key, f"{name}.{sent}.".encode() + body, "sha256"))
        if not any(hmac.compare_digest(good, one.encode()) for one in given.split()):
            return self.send_error(401)
        if abs(time.time() - int(sent)) > 300:  # signed, but long ago: somebody else sends it once more
            return self.send_error(401)
        with lock:
            if name not in seen:
                file.write(f"{name} ".encode() + body + b"\n")
                os.fsync(file.fileno())
                seen.add(name)
        self.send_response(204)
        return self.end_headers()


with open(sys.argv[2], "a+b", buffering=0) as file:  # a line for each event: its id, its body
    file.seek(0)
    whole = [line for line in file.read().splitlines(keepends=True) if line.endswith(b"\n")]
    file.truncate(sum(map(len, whole)))  # a line that a crash tore was not answered, and comes again
    seen = {line.split(b" ")[0].decode() for line in whole}
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
