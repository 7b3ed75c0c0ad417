"""CloudEvents 1.0.2 around what passes a door, in binary and structured mode, by the CloudEvents SDK."""
