"""A program with a task that does not let go, as Kafka's driver has some: whatever runs in a loop of its own must end
all the same."""

BEGUN = """
import asyncio

async def a_task_that_swallows_its_cancellation():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

async def begun():
    task = asyncio.create_task(a_task_that_swallows_its_cancellation())
    await asyncio.sleep(0)
    return task
"""
