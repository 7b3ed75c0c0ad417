"""People's data: who may be shown what lies sealed, who came before, who is to be forgotten; each deed is audited."""
