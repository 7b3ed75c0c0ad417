"""Whose rights at a broker are ours to take away: nobody else's, whatever our prefix is."""

import pytest

from engine.kafka.access import Grant, of_ours, wanted

OTHERS = ("billing", "gwadmin", "gw.test.intake", "gw2.intake", "dept", "intake2")


@pytest.mark.parametrize("prefix", ["gw.", "", "gw", "City.A."])
def test_rights_of_others_are_never_taken_away(prefix: str) -> None:
    """A city's broker serves more than one stack; a department that left the pack is ours all the same."""
    needed = wanted(["ranqi"], prefix)
    gone = {grant for grant in wanted(["gone"], prefix) if "gone" in grant.user}
    others = {Grant(user, kind="topic", name="x", pattern="literal", operation="Read") for user in OTHERS}
    found = of_ours([*needed, *gone, *others], {grant.user for grant in needed}, prefix)
    assert gone and found == {*needed, *gone}
