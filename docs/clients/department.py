"""A department in Python (aiokafka): signs in to each task and reads what is answered. Run: python department.py BROKER
PREFIX CODE PERSON"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

broker, prefix, code, person = sys.argv[1:5]


async def main() -> None:
    tasks = AIOKafkaConsumer(
        f"{prefix}dept.{code}.tasks",
        bootstrap_servers=broker,
        group_id=f"{prefix}{code}-desk",
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    replies = AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True)
    await tasks.start()
    await replies.start()
    seen: set[str] = set()  # a desk keeps these: the same id may come again
    async for record in tasks:
        task = json.loads(record.value)
        if task["id"] not in seen:
            seen.add(task["id"])
            print(
                task["event"],
                task.get("child") or task["ticket"],
                task.get("reason", ""),
                task.get("mend", ""),
                flush=True,
            )
            if task["event"] == "dispatched":
                action = "report_in" if task.get("child") else "accept"
                reply = {"ticket": task.get("child") or task["ticket"], "action": action, "person": person}
                await replies.send_and_wait(
                    f"{prefix}dept.{code}.replies", json.dumps(reply).encode(), key=task["ticket"].encode()
                )
        await tasks.commit()  # only after the reply is safe


asyncio.run(main())
