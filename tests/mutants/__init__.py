"""Single random changes to ``rules/`` and whether the tests without servers notice them; ``make mutants`` runs it."""
