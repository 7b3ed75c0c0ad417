"""Who stands around a ticket: the team its category names (1+N), and the owner of each of its five stages (五有).

Source: FIELD 1.
"""

from rules.law.compiled import Law
from rules.ticket.draft import Case, Draft
from topics.events.offers import TeamNamed
from topics.pack import Category
from topics.ticket import Helper, Ticket
from topics.vocabulary import Role


def name_team(case: Case, draft: Draft, category: Category) -> None:
    """Beside the one owner, name somebody for each ``role`` or ``role:skill`` of the category; who is not to be had is
    noted."""
    named = []
    for wanted in category.team:
        role, _, skill = wanted.partition(":")
        somebody = case.someone(role, draft, skill=skill or None)
        if somebody is None:
            case.refused.append((wanted, "nobody_for_the_team"))
        else:
            named.append(Helper(draft.tier or "", role, somebody.person, named=True))
    if named:
        draft.helpers = (*draft.helpers, *named)
        case.say(draft, TeamNamed(helpers=[f"{one.party}:{one.person}" for one in named]))


def name_anew(case: Case, draft: Draft, category: Category) -> None:
    """Of another category it has that one's team; who helps after a move stays."""
    if category.team or any(one.named for one in draft.helpers):
        draft.helpers = tuple([one for one in draft.helpers if not one.named])
        name_team(case, draft, category)


def stage_owners(law: Law, ticket: Ticket) -> dict[str, str | None]:
    """Name who patrolled, reported, owns, solved and supervises; ``None``: that stage has nobody (yet).

    Whoever reported by patrol, camera or visit has found it as well; supervision is its issuer's, else the supervisor's
    for the grid. Source: FIELD 1.
    """
    supervisors = law.roster(Role.SUPERVISOR, ticket.leaf or ticket.home)
    return {
        "patrolled": ticket.channel if ticket.channel in ("patrol", "camera", "visit") else "residents",
        "reported": ticket.identity,
        "owned": ticket.person,
        "solved": ticket.finished_by[2] if ticket.finished_by else None,
        "supervised": ticket.supervised_by or (supervisors[0].person if supervisors else None),
    }
