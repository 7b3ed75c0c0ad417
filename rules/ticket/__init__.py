"""The mechanics of one ticket."""
