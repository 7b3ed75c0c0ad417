"""Publishing a pack that came over the network, beside the gateway, in a process of its own: it is proved once more,
and goes in force only as the very pack that was checked.

``python -m engine.client.publish_job FOLDER`` reads a ``Given`` on the first line of its input and prints an
``Outcome``.
"""

import sys
from pathlib import Path

import msgspec

from engine.client.pack_trial import foreign_parent
from engine.client.publish_pack import prove, publish
from engine.errors import GridwhistleError, InvalidRulePack
from engine.gateway.law_desk import Given, Outcome
from engine.kafka.driver_errors import KafkaFault
from engine.local.folder import remember_pack
from engine.running import run_to_end
from engine.settings import Settings
from rules.rulepack.compiler import pack_ref


def published(folder: Path, given: Given) -> Outcome:
    """Prove and publish."""
    if foreign := foreign_parent(folder):
        return Outcome(refused=foreign)
    try:
        ref = pack_ref(prove(str(folder)))
        if ref != given.ref:
            return Outcome(other=ref)
        settings = Settings(**given.settings)
        run_to_end(publish(settings, str(folder), given.acting, given.reason))
    except (InvalidRulePack, GridwhistleError) as exc:
        return Outcome(refused=str(exc))
    except (KafkaFault, OSError) as exc:
        return Outcome(away=str(exc))
    remember_pack(settings.data_dir, ref)
    return Outcome(published=ref)


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Given)
    sys.stdout.buffer.write(msgspec.json.encode(published(Path(sys.argv[1]), asked)))
