"""Whether a broker may be one that leaves part of what it committed hidden (decision 0029)."""

from aiokafka.client import ConnectionGroup

from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.settings import Settings

DESCRIBES_LOG_FOLDERS = 35
"""A question of Kafka's protocol whose newest version is of Kafka 4.3."""

OF_4_3 = 5
"""That version."""

BEWARE = (
    "this broker is of Kafka 4.3 or later, which after a fault may leave part of what it committed hidden for ever"
    " unless it has KAFKA-20734; 4.2 does not (docs/decisions/0029-a-broker-that-ends-what-it-commits.md)"
)
"""What an operator of such a broker must know."""


async def demand_whole_commits(settings: Settings) -> None:
    """Ask a broker: its version it tells nobody, only which questions it knows.

    Raises:
        InvalidSettings: It may be one.
    """
    admin = clients.admin(settings)
    await admin.start()
    try:
        client, node = admin._client, admin._client.get_random_node()
        await client.ready(node)
        known = client._conns[node, ConnectionGroup.DEFAULT]._versions
        if known.get(DESCRIBES_LOG_FOLDERS, (0, 0))[1] >= OF_4_3:
            raise InvalidSettings(BEWARE)
    finally:
        await admin.close()
