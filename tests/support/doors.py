"""Intake of one law, with no state yet."""

from engine.observability.metrics import StageMetrics
from engine.security.vault import Vault
from engine.stages.intake import IntakeCore
from rules.law.compiled import Law
from rules.law.placement import Places


def intake_of(
    law: Law, vault: Vault | None = None, partition: int = 0, partitions: int = 1, metrics: StageMetrics | None = None
) -> IntakeCore:
    """One partition of it; the vault is one of its own where none is given."""
    return IntakeCore(
        partition,
        partitions,
        {law.ref: Places(law.bundle)},
        laws={law.ref: law},
        current=lambda: law.ref,
        vault=vault or Vault(b"k" * 32),
        metrics=metrics or StageMetrics("intake"),
    )
