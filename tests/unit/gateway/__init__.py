"""The gateway, route by route, on the log in memory and a real Valkey."""
