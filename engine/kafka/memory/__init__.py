"""The log in memory, with a broker's semantics: transactions, fencing, aborted records, markers, groups, and faults
at a chosen step. The partition loop and its stages run on it in milliseconds."""
