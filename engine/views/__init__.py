"""Views of the log that people look at; each can be thrown away and built anew."""
