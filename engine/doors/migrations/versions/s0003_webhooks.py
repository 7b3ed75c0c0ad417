"""Who is sent something, and what was sent."""

from alembic import op

revision, down_revision = "0003", "0002"

STATEMENTS = (
    # whoever is sent something, a webhook or a person: whether, and how it goes
    """CREATE TABLE targets (
        id text PRIMARY KEY, state text NOT NULL DEFAULT 'active', why text NOT NULL DEFAULT '',
        failures integer NOT NULL DEFAULT 0, next_at timestamptz NOT NULL DEFAULT now(), failing_since timestamptz)""",
    """CREATE TABLE deliveries (
        target text NOT NULL, id text NOT NULL, seq bigint NOT NULL, line text NOT NULL, kind text NOT NULL,
        body text, state text NOT NULL DEFAULT 'waiting', attempts integer NOT NULL DEFAULT 0,
        tries integer NOT NULL DEFAULT 0, made_at timestamptz NOT NULL DEFAULT now(),
        next_at timestamptz NOT NULL DEFAULT now(), last_at timestamptz, status integer, answer text,
        PRIMARY KEY (target, id))""",
    "CREATE INDEX deliveries_due ON deliveries (target, next_at) WHERE state = 'waiting'",
    "CREATE INDEX deliveries_line ON deliveries (target, line, seq) WHERE state = 'waiting'",
    "CREATE INDEX deliveries_seq ON deliveries (target, seq)",
    """CREATE TABLE webhooks (
        id text PRIMARY KEY, department text NOT NULL, url text NOT NULL, filter text NOT NULL,
        since timestamptz NOT NULL, cursor bigint NOT NULL, made_by text NOT NULL, made_at timestamptz NOT NULL,
        changed_by text NOT NULL, changed_at timestamptz NOT NULL)""",
    "CREATE INDEX webhooks_department ON webhooks (department)",
    """CREATE TABLE webhook_secrets (
        webhook text NOT NULL, secret text NOT NULL, made_at timestamptz NOT NULL, until timestamptz,
        PRIMARY KEY (webhook, secret))""",
    "CREATE INDEX department_events_age ON department_events USING brin (at)",
)


def upgrade() -> None:
    """Make them."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; nothing makes them anew."""
    op.execute("DROP INDEX department_events_age")
    for name in ("webhook_secrets", "webhooks", "deliveries", "targets"):
        op.execute(f"DROP TABLE {name}")
