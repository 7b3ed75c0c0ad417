"""Replay: the log decided once more, and told under another law."""
