"""Replaying a stack's own log: the recorded causes decided once more, by the recorded packs or by another one."""
