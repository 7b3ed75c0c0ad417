"""The chain over logs that must not change: summed up as it is read, signed every few minutes, verified by anybody."""
