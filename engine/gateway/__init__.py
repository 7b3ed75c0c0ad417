"""The HTTP door: who asks, what they may see and do, and the log's own answer; it decides nothing itself."""
