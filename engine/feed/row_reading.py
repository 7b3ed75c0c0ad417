"""Reads one row's columns as the pack's feed.yaml says, and notes what is wrong with each (LAW 8)."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from engine.feed.feedmap import FeedMap
from engine.feed.mapped import Closing, Mapped, RowFault
from engine.feed.moments import instants, millis, moment_of
from engine.feed.rows import Row
from engine.feed.showing import masked, mend_of, shown_word
from rules.masking.own_values import own_values
from topics.hostile_json import LONGEST_NAME
from topics.ids import Instant
from topics.incident import ReportedIncident, unfit
from topics.vocabulary import Channel

_CUT_BY_EXCEL = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)


class Reading:
    """One row being read: what was found, and what is wrong with it."""

    def __init__(self, feed: FeedMap, row: Row, at: Instant | None, *, told: bool) -> None:
        self._feed, self._row, self._at = feed, row, at
        self._empty = {word.strip() for word in feed.empty}
        self.faults: list[RowFault] = []
        self.notes: list[tuple[str, str]] = []
        if not told:
            when = masked(row.columns.get(feed.occurred_at, ""))
            self.notes.append(("time that comes twice, taken as the earlier or later by guess", when))

    def mapped(self, first: dict[str, Row]) -> Mapped:
        """Turn it into what is sent; ``first`` holds the rows before it by their ids, and this one after."""
        feed, row = self._feed, self._row
        name = self._id(first)
        data, closing = self._data(), self._closing()
        if not self.faults:
            self._try(data)
        if self.faults:
            # under a name that no incident has, so that intake turns it away whatever the columns are called
            data, closing = {"columns": dict(row.columns)}, None
        return Mapped(
            row.number,
            feed.source,
            name,
            at=self._at,
            data=data,
            closing=closing,
            faults=tuple(self.faults),
            line=row.line,
            notes=tuple(self.notes),
        )

    def _id(self, first: dict[str, Row]) -> str:
        column = self._feed.id
        name = machine(self.cell(column))
        if not name:
            self._fault(
                column, "is empty: without an id the row cannot be told from others on another day; give it one"
            )
        elif _CUT_BY_EXCEL.fullmatch(name):
            self._fault(column, "was cut by a spreadsheet; format the column as text there and export it again")
        elif len(name) > LONGEST_NAME:
            self._fault(column, f"has {len(name)} characters; at most {LONGEST_NAME}")
        elif fault := unfit(name):
            self._fault(column, fault)
        elif first.setdefault(name, self._row).columns != self._row.columns:
            self._fault(
                column,
                f"stands in row {first[name].number} already, with other columns; give each row an id of its own",
            )
        else:
            return name
        return name if name and len(name) <= LONGEST_NAME and not unfit(name) else ""

    def cell(self, column: str | None) -> str:
        """A column's text; nothing where it says so."""
        text = self._row.columns.get(column, "").strip() if column else ""
        return "" if text in self._empty else text

    def _fault(self, column: str, mend: str) -> None:
        self.faults.append(RowFault(column, masked(self.cell(column)), mend))

    def _note(self, kind: str, word: str) -> None:
        """Count a word that the pack does not list; what is in it may be anything."""
        own = own_values({name: self.cell(column) for name, column in self._feed.reporter.items()})
        self.notes.append((kind, shown_word(word, self._feed.timezone, own)))

    def _data(self) -> dict[str, Any]:
        feed = self._feed
        found = {
            "occurred_at": self._occurred(),
            "channel": self._channel(),
            "category": self._category(),
            "text": self.cell(feed.text),
            "reporter": self._reporter(),
            "location": self._location(),
            "promised_by": self._promised(),
            "attributes": {
                name: value for name, column in feed.attribute_columns().items() if (value := self.cell(column))
            },
        }
        return {name: value for name, value in found.items() if value not in (None, "", {})}

    def _occurred(self) -> str | None:
        moment = self._time(self._feed.occurred_at, needed=True)
        if moment is None or self._at is None:
            return None
        return moment.isoformat() if millis(moment) == self._at else moment.replace(fold=1 - moment.fold).isoformat()

    def _time(self, column: str, needed: bool = False) -> datetime | None:
        """A column's time, aware; its fault is noted."""
        text = machine(self.cell(column))
        if not text:
            if needed:
                self._fault(column, "is empty; write when it was reported")
            return None
        try:
            moment = moment_of(text, self._feed.dates)
            instants(moment, self._feed.zone())
        except (ValueError, OverflowError) as error:
            self._fault(column, f"{error}")
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=self._feed.zone())

    def _channel(self) -> str:
        channel = self._feed.channel
        if channel is None:
            return Channel.IMPORT.value
        word = self.cell(channel.column)
        if word and word not in channel.map:
            self._note(f"channel that is not listed, taken as {channel.default}", word)
        return channel.map.get(word, channel.default).value

    def _category(self) -> str | None:
        category = self._feed.category_map
        if category is None:
            return None
        word = self.cell(category.column)
        return category.map.get(word, word) or None

    def _reporter(self) -> dict[str, str]:
        found = {name: value for name, column in self._feed.reporter.items() if (value := self.cell(column))}
        if "phone" in found:
            found["phone"] = machine(found["phone"])
            if _CUT_BY_EXCEL.fullmatch(found["phone"]):
                self._fault(
                    self._feed.reporter["phone"],
                    "was cut by a spreadsheet; format the column as text there and export it again",
                )
        return found

    def _location(self) -> dict[str, Any]:
        where = self._feed.location
        found: dict[str, Any] = {}
        lat, lon = self.cell(where.lat), self.cell(where.lon)
        if where.lat and where.lon and (lat or lon):
            found = {"lat": self._degrees(where.lat, 90), "lon": self._degrees(where.lon, 180), "crs": where.crs}
        grid = machine(self.cell(where.grid.column)) if where.grid else ""
        if where.grid and grid:
            try:
                found["grid"] = where.grid.code(grid)
            except ValueError:
                self._fault(
                    where.grid.column,
                    f"is no number, which the format {where.grid.format!r} asks for; mend it, or add it to the map of"
                    " the grid",
                )
        address = self.cell(where.address)
        return found | ({"address": address} if address else {})

    def _degrees(self, column: str, most: int) -> float | None:
        text = machine(self.cell(column))
        if self._feed.decimal == "," and "." not in text:
            text = text.replace(",", ".")
        try:
            value = float(text)
        except ValueError:
            hint = "; write 'decimal: \",\"' into feed.yaml" if "," in text and self._feed.decimal == "." else ""
            self._fault(
                column,
                ("is no number of degrees" if text else "is empty while its partner is not; give both or none") + hint,
            )
            return None
        if not -most <= value <= most:  # also refuses NaN
            self._fault(column, f"is no degree between -{most} and {most}")
            return None
        return value

    def _promised(self) -> str | None:
        promised = self._feed.promised_by
        moment = self._time(promised.column) if promised else None
        if promised is None or moment is None:
            return None
        if promised.rule == "midnight_after":
            zone = self._feed.zone()
            try:
                moment = datetime.combine(moment.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
            except OverflowError:
                self._fault(
                    promised.column, "has no midnight after it in any calendar; write an earlier day, or leave it empty"
                )
                return None
        return moment.isoformat()

    def _closing(self) -> Closing | None:
        """The row's end, if it has one that the pack knows what to do with."""
        closing = self._feed.closing
        if closing is None:
            return None
        status = self.cell(closing.status)
        if status not in closing.map:
            if status:
                self._note("status that is not listed, so it closes nothing", status)
            return None
        word, moment = closing.map[status], self._time(closing.at)
        if word is None:
            return None
        if moment is None:
            if not self.cell(closing.at):
                self.notes.append(("status without the time of closing, so it closes nothing", status))
            return None
        at, later = millis(moment), millis(moment.replace(fold=1))
        return Closing(later if self._at is not None and at < self._at <= later else at, word.kind, word.reason)

    def _try(self, data: dict[str, Any]) -> None:
        """Ask the door's own model, and name the column instead of the field."""
        try:
            ReportedIncident.model_validate(data)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                self._fault(self._column_of(tuple(map(str, one["loc"]))), mend_of(one, ReportedIncident))

    def _column_of(self, where: tuple[str, ...]) -> str:
        feed, category, location = self._feed, self._feed.category_map, self._feed.location
        named = {
            "occurred_at": feed.occurred_at,
            "text": feed.text,
            "category": category and category.column,
            "location.lat": location.lat,
            "location.lon": location.lon,
            "location.grid": location.grid and location.grid.column,
            "location.address": location.address,
            "promised_by": feed.promised_by and feed.promised_by.column,
        }
        return named.get(".".join(where[:2])) or named.get(where[0]) or ".".join(where)


def machine(text: str) -> str:
    """What machines read: full-width digits and signs made plain, spaces around it dropped."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()
