"""Single random changes to ``rules/`` and whether the tests of ``make check`` notice them; ``make mutants`` runs it."""
