"""The partition loop on the log in memory: no broker, and no second that is not needed."""
