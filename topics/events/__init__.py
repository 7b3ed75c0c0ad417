"""What a decision says has happened: a closed list of types, and for each a Struct of its facts, by theme."""
