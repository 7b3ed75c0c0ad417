"""A department in plain Python, without Kafka: signs in to each task that it pulls. Run, the key in
GRIDWHISTLE_API_KEY: python pull.py GATEWAY CODE"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

gateway, code = sys.argv[1:3]
HEADERS = {"authorization": "Bearer " + os.environ["GRIDWHISTLE_API_KEY"], "content-type": "application/json"}


def post(path: str, **body: object) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(gateway + path, json.dumps(body).encode(), HEADERS)
        ) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


events = f"/v1/departments/{code}/events"
seen: set[str] = set()  # a desk keeps these: the same id may come again
while True:
    status, told = post(f"{events}/lease", wait=20)
    if status != 200:
        time.sleep(5)
        continue
    for one in told["events"]:
        task, said, reply = one["event"], {}, 0
        if one["id"] not in seen and task["event"] == "dispatched":
            child = {"child": task["child"].partition("/")[2]} if "child" in task else {}
            what = {"id": f"in:{one['id']}", "kind": "report_in" if child else "accept", **child}
            reply, said = post(f"/v1/tickets/{task['ticket']}/commands", **what)
        told_again = reply == 202 or reply == 429 or reply >= 500  # not decided yet: the same id counts once
        post(f"{events}/{'nack' if told_again else 'ack'}", receipts=[one["receipt"]])
        seen.update([] if told_again else [one["id"]])
        print(
            task["event"],
            task.get("child") or task["ticket"],
            said.get("reason", task.get("reason", "")),
            task.get("mend", ""),
            flush=True,
        )
