"""The contract: which topics exist, what may be said on them, and how it is written. No connections."""
