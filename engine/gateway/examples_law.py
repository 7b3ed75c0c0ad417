"""What the addresses of the law desk, the map and the scoreboard take and give, by example."""

from typing import Any

from engine.gateway.example import Example

REF = "guancheng@0123456789abcdef"
_FILES: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
_WAIT: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {"files": _FILES, "note": {"type": "string", "maxLength": 500}},
}
_PUBLISH: dict[str, Any] = {
    "type": "object",
    "required": ["ref", "reason"],
    "properties": {"ref": {"type": "string"}, "reason": {"type": "string", "minLength": 4, "maxLength": 500}},
}
_SENT = {"files": {"pack": "extends: guancheng\n"}, "note": "fewer declines"}
_ONE = {"ref": REF, "by": "person:chief::chief-1", "at": 1772413200000, "note": "fewer declines"}
_SENDING = ("unreadable", "foreign-origin", "not-found", "too-large", "wrong-type", "invalid")

_OUTLINE = {
    "type": "Feature",
    "id": 6,
    "properties": {"code": "tawan-g1-m1", "level": "micro_grid", "parent": "tawan-g1", "households": 52},
    "geometry": {"type": "Polygon", "coordinates": [[[113.692, 34.749], [113.698, 34.749], [113.698, 34.752]]]},
}
_POINT = {"home": "tawan", "leaf": "tawan-g1-m1", "category": "bins_full", "n": 6, "lat": 34.75, "lon": 113.69}

_PARTY = {"code": "residents", "share": 20, "n": 2, "drift": 20, "causes": {"eligibility": 20, "allocation": 0}}

OF_LAW: dict[str, Example] = {
    "map": Example(
        200,
        {"type": "FeatureCollection", "pack": REF, "features": [_OUTLINE]},
        "application/geo+json",
        query={"ticket": "tawan-20260302-1"},
        fails=("not-found",),
    ),
    "rates": Example(
        200,
        {
            "by": "street",
            "targets": {"closing": 98, "satisfaction": 93},
            "rows": [{"code": "longhaimalu", "received": 3, "rates": {"closing": {"n": 2, "of": 2, "raw": 1}}}],
        },
        query={"by": "street", "since": "2026-03-01"},
        fails=("not-found", "invalid", "no-archive"),
    ),
    "trend": Example(
        200,
        {"rows": [{"day": "2026-03-02", "tier": "community", "n": 2}]},
        query={"since": "2026-03-01"},
        fails=("not-found", "invalid", "no-archive"),
    ),
    "split": Example(
        200,
        {"rows": [{"home": "tawan", "parties": [_PARTY], "apart": {"direct": 1}}]},
        query={"since": "2026-03-01"},
        fails=("not-found", "invalid", "no-archive"),
    ),
    "export": Example(
        200,
        "\ufeff街道,工单,办结率 %,…\r\n",
        "text/csv",
        query={"by": "street", "since": "2026-03-01", "lang": "zh"},
        fails=("foreign-origin", "not-found", "too-large", "invalid", "no-archive"),
    ),
    "points": Example(
        200,
        {"rule": {"count": 5, "days": 90, "metres": 50}, "points": [_POINT], "now": 1772413200000},
        fails=("not-found", "no-archive"),
    ),
    "law_packs": Example(
        200,
        {
            "in_force": REF,
            "partitions": 24,
            "may_publish": True,
            "known": [{"ref": REF, "title": "Guancheng", "title_zh": "管城", "partitions": 24}],
            "waiting": [_ONE | {"files": ["pack"]}],
        },
        fails=("not-found",),
    ),
    "pack_wait": Example(
        201,
        {"in_force": REF, "ref": REF, "faults": [], "differences": []},
        takes={"application/json": (_WAIT, _SENT)},
        fails=_SENDING,
    ),
    "pack_waiting": Example(200, _ONE | {"files": {"pack": "extends: guancheng\n"}}, fails=("not-found",)),
    "pack_drop": Example(204, fails=("foreign-origin", "not-found")),
    "pack_publish": Example(
        200,
        {"ref": REF, "former": REF},
        takes={"application/json": (_PUBLISH, {"ref": REF, "reason": "fewer declines, as agreed on Monday"})},
        fails=(*_SENDING, "changed", "refused", "under-way", "key-used"),
    ),
}
