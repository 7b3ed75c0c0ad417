"""What a stage writes into partitions of any number: where its state is gone, this tells that it was there (DESIGN
5.3)."""

from collections.abc import Iterable

from engine.kafka.topic_admin import departments_of
from engine.settings import Settings
from topics.registry import INCIDENTS, TopicSpec, department_topics


async def outputs_of(stage: str, settings: Settings) -> Iterable[TopicSpec]:
    """Name its topics; dispatch is known by the decisions of its own partition."""
    if stage == "fanout":
        return [department_topics(code)[0] for code in await departments_of(settings)]
    return (INCIDENTS,) if stage == "intake" else ()
