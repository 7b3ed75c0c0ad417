"""What of a report may be shown to those who work on it (DESIGN 12)."""

from collections.abc import Mapping
from typing import Any

from rules.law.compiled import Law
from rules.masking.masker import masker_for
from rules.masking.own_values import own_values
from topics.hostile_json import LONGEST_NAME


class Shown:
    """What of a report's words may be shown: names and numbers of people are masked, and the originals kept to be
    sealed."""

    def __init__(self, law: Law, reporter: Mapping[str, Any] | None) -> None:
        """Know the city's forms of numbers, and what the reporter said of himself."""
        self._mask, self.own = masker_for(law.bundle.timezone).mask, own_values(reporter)
        self.originals: dict[str, Any] = {}

    def text(self, field: str, text: str | None, longest: int = LONGEST_NAME) -> str | None:
        """Mask a text."""
        if not text:
            return text
        masked = self._mask(text, self.own, longest)
        if masked is not text:
            self.originals[field] = text
        return masked

    def attribute(self, name: str, value: str | int | bool) -> str | int | bool:
        """Mask a listed attribute; a number that is a telephone becomes the mark."""
        if isinstance(value, bool):
            return value
        masked = self.text(f"attributes.{name}", str(value)) or ""
        return masked if f"attributes.{name}" in self.originals else value
