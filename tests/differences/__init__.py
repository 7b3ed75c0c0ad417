"""What an older version of the law decided and today's decides otherwise: ``python -m tests.differences COMMIT``."""
