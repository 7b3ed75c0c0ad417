"""Faults that are sown into a sound pack: what is changed, where it is told, and what is said of it."""

import copy

from tests.unit.pack.sowing import Seed, category, exception, node, person, without

SEEDS: dict[str, tuple[Seed, str, str]] = {
    "shares": (lambda p: p["shares"][0].update(share=39), "shares", "add up to 99"),
    "party unknown": (lambda p: p["shares"][0].update(code="robots"), "shares.robots", "no such party"),
    "party twice": (
        lambda p: p["shares"].append({"code": "residents", "share": 0, "label": "x"}),
        "shares",
        "'residents' stands 2 times",
    ),
    "home level": (lambda p: p.update(home_level="block"), "home_level", "'block' is no level"),
    "unplaced": (lambda p: p.update(unplaced="limbo"), "unplaced", "no node 'limbo'"),
    "node twice": (lambda p: p["nodes"].append(copy.deepcopy(node(p, "tawan"))), "nodes", "'tawan' stands 2 times"),
    "node parent": (
        lambda p: node(p, "tawan").update(parent="nowhere"),
        "nodes.tawan",
        "parent 'nowhere' is not a node",
    ),
    "node level": (lambda p: node(p, "tawan").update(level="block"), "nodes.tawan", "level 'block' is none of"),
    "node order": (lambda p: node(p, "tawan").update(parent="boaijie-g1"), "nodes.tawan", "not on a higher level"),
    "node circle": (lambda p: node(p, "tawan").update(parent="tawan-g1"), "nodes.tawan", "tawan -> tawan-g1 -> tawan"),
    "node orphan": (lambda p: node(p, "tawan").pop("parent"), "nodes.tawan", "has no parent"),
    "node homeless": (
        lambda p: node(p, "tawan-g1").update(parent="longhaimalu"),
        "nodes.tawan-g1",
        "lies in no community",
    ),
    "node party": (lambda p: node(p, "tawan").update(parties=["robots"]), "nodes.tawan", "unknown party 'robots'"),
    "home like a day": (
        lambda p: node(p, "tawan").update(code="tawan-20260101"),
        "nodes.tawan-20260101",
        "eight digits",
    ),
    "code": (lambda p: node(p, "tawan").update(code="Ta:wan"), "nodes.Ta:wan", "a code is small letters"),
    "two points": (
        lambda p: node(p, "tawan-g1-m1").update(outline=[[113.7, 34.7], [113.8, 34.8]]),
        "nodes.tawan-g1-m1",
        "three points",
    ),
    "swapped degrees": (
        lambda p: node(p, "tawan-g1-m1").update(outline=[[34.7, 113.7], [34.8, 113.7], [34.8, 113.8]]),
        "nodes.tawan-g1-m1",
        "off the earth",
    ),
    "bow tie": (
        lambda p: node(p, "tawan-g1-m1").update(outline=[[0, 0], [1, 1], [1, 0], [0, 1]]),
        "nodes.tawan-g1-m1",
        "no sound shape",
    ),
    "overlap": (
        lambda p: node(p, "tawan-g1-m2").update(outline=node(p, "tawan-g1-m1")["outline"]),
        "nodes.tawan-g1-m1",
        "and 'tawan-g1-m2' overlap, e.g. at [113.",
    ),
    "gap": (
        lambda p: (
            node(p, "tawan-g1-m1").update(outline=[[1, 1], [4, 1], [4, 2], [2, 2], [2, 3], [1, 3]]),
            node(p, "tawan-g1-m2").update(outline=[[4, 2], [4, 4], [1, 4], [1, 3], [3, 3], [3, 2]]),
        ),
        "nodes.tawan",
        "no grid covers a place within it, e.g. [2.",
    ),
    "leaf undrawn": (lambda p: node(p, "tawan-g1-m1").pop("outline"), "nodes", "no sound outline for tawan-g1-m1"),
    "address grid": (
        lambda p: p["addresses"][0].update(leaf="nowhere"),
        "addresses.东关南里街",
        "'nowhere' is not a node",
    ),
    "address backwards": (
        lambda p: p["addresses"][0].update(first=90, last=2),
        "addresses.东关南里街",
        "run backwards",
    ),
    "address in two grids": (lambda p: p["addresses"][0].update(last=25), "addresses.东关南里街", "number 21 lies in"),
    "address above homes": (
        lambda p: p["addresses"][0].update(leaf="dongdajie"),
        "addresses.东关南里街",
        "lies in no community",
    ),
    "department code": (lambda p: p["departments"][0].update(code="城管"), "departments.城管", "must match"),
    "department unstaffed": (lambda p: without(p, "department", "ranqi"), "departments.ranqi", "nobody on the roster"),
    "department unknown": (
        lambda p: category(p, "gas_leak").update(lead="mars"),
        "categories.gas_leak",
        "unknown department 'mars'",
    ),
    "co twice": (
        lambda p: category(p, "gas_leak").update(co=["ranqi"]),
        "categories.gas_leak",
        "calls department 'ranqi' 2 times",
    ),
    "lead missing": (lambda p: category(p, "noise").pop("lead"), "categories.noise", "names no lead"),
    "category twice": (
        lambda p: p["categories"].append(category(p, "noise") | {"label": "n", "label_zh": "n"}),
        "categories",
        "'noise' stands 2 times",
    ),
    "alias clash": (
        lambda p: category(p, "noise").update(aliases=["煤气味"]),
        "categories",
        "'煤气味' names gas_leak, noise",
    ),
    "category party": (
        lambda p: category(p, "noise").update(parties=["robots"]),
        "categories.noise",
        "unknown party 'robots'",
    ),
    "ladder unknown": (
        lambda p: category(p, "noise").update(ladder="rope"),
        "categories.noise",
        "unknown ladder 'rope'",
    ),
    "start tier": (
        lambda p: category(p, "noise").update(starts_at="moon"),
        "categories.noise",
        "starts_at 'moon' is no tier",
    ),
    "skill": (lambda p: category(p, "noise").update(skill="magic"), "categories.noise", "has the skill 'magic'"),
    "skill elsewhere": (
        lambda p: category(p, "noise").update(skill="lift", parties=["residents"]),
        "categories.noise",
        "of residents has the skill 'lift'",
    ),
    "party in no tier": (
        lambda p: p["ladders"]["default"].pop(1),
        "categories.noise",
        "the split may name 'backstop', which stands in no tier",
    ),
    "U1 without street": (lambda p: p["ladders"]["default"].pop(2), "categories.gas_leak", "no tier of kind street"),
    "tier twice": (
        lambda p: p["ladders"]["default"].insert(1, p["ladders"]["default"][0]),
        "ladders.default",
        "never ends",
    ),
    "no top": (lambda p: p["ladders"]["default"].pop(), "ladders.default", "must be of kind centre"),
    "tier party": (
        lambda p: p["ladders"]["default"][0]["parties"].append("robots"),
        "ladders.default.grid",
        "unknown party 'robots'",
    ),
    "tier of none": (
        lambda p: p["ladders"]["default"][0].update(parties=[]),
        "ladders.default.grid",
        "names its parties",
    ),
    "tier without roster": (lambda p: without(p, "street"), "roster", "nobody has the role street for"),
    "home without a party": (
        lambda p: without(p, "backstop", "tawan"),
        "roster",
        "nobody has the role backstop for tawan;",
    ),
    "no desk": (lambda p: without(p, "desk"), "roster", "nobody has the role desk"),
    "flood backwards": (
        lambda p: p.update(force_majeure=[{"since": "2026-07-20T00:00", "until": "2026-07-19T00:00", "why": "flood"}]),
        "force_majeure.2026-07-20T00:00",
        "not after it begins",
    ),
    "flood nowhere": (
        lambda p: p.update(
            force_majeure=[
                {"since": "2026-07-20T00:00", "until": "2026-07-21T00:00", "nodes": ["moon"], "why": "flood"}
            ]
        ),
        "force_majeure.2026-07-20T00:00",
        "grid 'moon' is not a node",
    ),
    "team role": (lambda p: category(p, "noise").update(team=["robots"]), "categories.noise", "'robots' is no role"),
    "team skill": (
        lambda p: category(p, "noise").update(team=["specialist:magic"]),
        "categories.noise",
        "nobody on the roster is 'specialist:magic'",
    ),
    "urgent wish": (lambda p: category(p, "gas_leak").update(wish=True), "categories.gas_leak", "would never be late"),
    "no committee": (
        lambda p: (category(p, "noise").update(consent="parallel"), node(p, "tawan").update(wall="inside")),
        "roster",
        "role owners_committee, which nobody has",
    ),
    "no walls": (lambda p: category(p, "noise").update(consent="parallel"), "nodes", "nobody would be asked"),
    "pilot nowhere": (exception(when="exercise", under=["moon"]), "rules.mine", "grid 'moon' is not a node"),
    "alike category": (
        lambda p: p.update(alike=[{"id": "a", "minutes": 9, "metres": 9, "score": 99, "categories": ["moon"]}]),
        "alike.a",
        "unknown category 'moon'",
    ),
    "hasty merge": (
        lambda p: p.update(alike=[{"id": "a", "minutes": 9, "metres": 9, "score": 50, "merges": True}]),
        "alike.a",
        "merges by itself at 50 %",
    ),
    "no band": (
        lambda p: p.update(whistle_band={"low": 20, "high": 10}),
        "whistle_band",
        "low 20 is not below high 10",
    ),
    "no principal": (lambda p: without(p, "principal", "dongdajie"), "roster", "nobody has the role principal for"),
    "no chief": (lambda p: without(p, "chief"), "roster", "nobody has the role chief"),
    "no checker": (lambda p: without(p, "checker", "tawan"), "roster", "nobody has the role checker for tawan;"),
    "no centre": (lambda p: without(p, "centre"), "roster", "nobody has the role centre"),
    "roster grid": (person(nodes=["nowhere"]), "roster.new-1", "grid 'nowhere' is not a node"),
    "roster too high": (person(nodes=["longhaimalu"]), "roster.new-1", "lies above the homes"),
    "roster org": (person(role="department", org="mars"), "roster.new-1", "unknown department 'mars'"),
    "roster hours": (person(on_duty="22:00-26:00"), "roster.new-1", "no span of a day"),
    "roster twice": (
        lambda p: p["roster"].append(p["roster"][1]),
        "roster.street-dongdajie-1",
        "has the role street 2 times",
    ),
    "roster two names": (person(person="street-dongdajie-1"), "roster.street-dongdajie-1", "goes by 2 names"),
    "CEL unreadable": (exception(when="category =="), "rules.mine", "cannot be read"),
    "CEL with a costly pattern": (exception(when="leaf.matches('a{99}')"), "rules.mine", "a pattern has no '{'"),
    "CEL with a pattern of the report's": (exception(when="leaf.matches(home)"), "rules.mine", "plain quotes"),
    "CEL reads": (exception(when='weather == "rain"'), "rules.mine", "reads 'weather'"),
    "CEL function": (exception(when="category.rhymes()"), "rules.mine", "'rhymes'"),
    "CEL types": (exception(when='hour > "noon"'), "rules.mine", "No such overload"),
    "CEL attribute": (exception(when='attributes.floor == "3"'), "rules.mine", "ask has(attributes.floor) first"),
    "CEL not a bool": (exception(when="hour + 1"), "rules.mine", "a condition is true or false"),
    "rule unreachable": (
        exception(when='category == "noise"  &&  (hour >= 22 || hour < 6)'),
        "rules.mine",
        "an earlier rule takes it, here 'night_noise'",
    ),
    "rule within a wider one": (
        exception(when='category == "noise" && hour == 23 && channel == "app"'),
        "rules.mine",
        "of an incident with category noise",
    ),
    "rule taken by two": (
        lambda p: p["rules"].extend(
            {"id": name, "when": when, "set": {"urgency": "U2"}}
            for name, when in (("day", "in_work_time"), ("rest", "!in_work_time"), ("mine", "exercise"))
        ),
        "rules.mine",
        "and of all else it holds for, an earlier rule takes it",
    ),
    "rule for no hour": (exception(when='category == "noise" && hour > 24'), "rules.mine", "holds for no incident"),
    "rule for no attribute": (
        exception(when='has(attributes.floor) && attributes.floor == "3" && attributes.floor == "4"'),
        "rules.mine",
        "holds for no incident",
    ),
    "pilot in vain": (exception(when='street == "dongdajie"', under=["tawan"]), "rules.mine", "holds for no incident"),
    "rule sets": (exception(set={"colour": "red"}), "rules.mine", "sets 'colour'"),
    "rule urgency": (exception(set={"urgency": "U9"}), "rules.mine", "'U9' is none of"),
    "rule tier": (exception(set={"starts_at": "moon"}), "rules.mine", "'moon' is no tier"),
    "rule lead": (exception(set={"lead": "mars"}), "rules.mine", "unknown department 'mars'"),
    "rule limit": (exception(set={"limit": {"amount": 0, "unit": "work_hour"}}), "rules.mine", "limit: "),
    "clock missing": (lambda p: p["clocks"]["accept"].pop("U2"), "clocks.accept", "no limit for U2"),
    "clock word": (lambda p: p["clocks"]["accept"].update(U7="5 minute"), "clocks.accept", "'U7' is none of"),
    "triage null": (lambda p: p["clocks"]["triage"].update(U1=None), "clocks.triage.U1", "must have a limit"),
    "rungs fall": (lambda p: p["rungs"].update(resolve=[100, 80]), "rungs.resolve", "must rise"),
    "rungs never": (lambda p: p["rungs"].update(resolve=[50]), "rungs.resolve", "lacks 100"),
    "zone": (lambda p: p.update(timezone="Mars/Olympus"), "timezone", "unknown zone"),
    "hours": (lambda p: p["calendar"].update(hours=["14:00-18:00", "08:00-12:00"]), "calendar.hours", "begins before"),
    "hours of no day": (lambda p: p["calendar"].update(hours=["08:00-25:00"]), "calendar.hours", "no span of a day"),
    "horizon": (lambda p: p["calendar"].update(from_year=2031, to_year=2033), "calendar", "no working days of CN"),
    "years": (lambda p: p["calendar"].update(from_year=2027, to_year=2024), "calendar", "is after"),
    "day in two lists": (
        lambda p: p["calendar"].update(worked=["2026-03-01"], off=["2026-03-01"]),
        "calendar",
        "both worked and off",
    ),
    "day outside": (lambda p: p["calendar"].update(off=["2031-03-01"]), "calendar", "outside the known years"),
}
