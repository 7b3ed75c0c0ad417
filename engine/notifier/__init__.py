"""Sends what waits for whoever subscribes: each message until it has arrived, those of a ticket in order, nobody held
up by another (DESIGN 11)."""
