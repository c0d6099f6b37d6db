"""What stands on each sheet of a return workbook, and of the marked one: its rows as they are streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from openpyxl.cell.cell import Cell
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink

from outreach.errors import N_
from outreach.plan.workbook_rules import said_in

from .. import return_rules, start_rules
from ..return_rules import (
    ANSWER_COLUMN,
    CHARGES,
    CODES_ROW,
    COLUMNS,
    CONTACTS,
    FIRST_ROW,
    LABELS_ROW,
    LISTS,
    META_TITLE,
    REFERRALS,
    START,
    TOTALS,
    Asked,
    Column,
    Fault,
    Returned,
    TotalRow,
)
from ..row_check_rules import SILENCE, Listed, RowCheck, key_of, letter, lists_of, quoted
from . import place_of, ready
from .paper import FORMATS, LINE, Line, Paper, Shared, clean, lines_in, note

Lines = Callable[[str], Iterator[tuple[str, Mapping[str, Any]]]]


class Book(Paper):
    """One workbook while it is written."""

    def __init__(
        self, asked: Asked, language: str, typed: Mapping[str, str], lines: Lines, returned: Returned | None = None
    ) -> None:
        meta = asked.meta
        super().__init__(language, f"{meta.operation_code} · {meta.service_name} · {meta.issue}")
        self.asked, self.typed, self.lines, self.returned = asked, typed, lines, returned
        self.lists = lists_of(asked, language)
        self.faults = returned.faults if returned else ()
        self.checked: dict[str, int] = {}

    def save(self, target: Any) -> None:
        first = [self.said(N_("To fix"))] if self.returned else []
        self.create([*first, *self.titles.values(), META_TITLE])
        if first:
            self._to_fix(self.book[first[0]])
        self._totals(TOTALS, self.asked.totals, self.asked.measures or ("once",))
        self._totals(REFERRALS, self.asked.referrals, return_rules.REFERRAL_MEASURES)
        for sheet in (CONTACTS, CHARGES):
            self._rows(sheet)
        self._start()
        self._listed()
        self._meta()
        self.write(target, self.asked.operation_name, self.asked.meta.service_name)

    # daily totals and referrals

    def _totals(self, sheet: str, rows: Sequence[TotalRow], measures: Sequence[str]) -> None:
        check = RowCheck(self.asked, self.language, {}, self.lists)
        columns = [*self.ours(check=40), self.column(return_rules.ROW_LABEL, N_("Day"), 26)]
        for code in measures:
            label = check.measured(code) if code != "once" else self.said(N_("Whole window"))
            columns.append(Column(code, label, "number", width=13))
        if any(row.why for row in rows):
            columns.append(self.column(return_rules.ROW_WHY, N_("Why a cell is grey"), 34))
        check.letters = {column.code: letter(n) for n, column in enumerate(columns, start=1)}
        check.letters["once"] = letter(4)
        blocks = [list(block) for _, block in groupby(rows, key=lambda row: row.day is None)]
        last = FIRST_ROW + len(rows) + 2 * len(blocks)
        ws = self.sheet(sheet, [column.width for column in columns], last)
        ws.freeze_panes = f"D{FIRST_ROW}"
        self.attention(ws, last)
        self.checked[sheet] = last if rows else 0
        self.streams[ws.title] = (
            self._total_lines(ws, sheet, columns, blocks, check),
            f"A1:{letter(len(columns))}{last}",
        )
        self._totals_choices(ws, rows, check)

    def _total_lines(
        self, ws: Any, sheet: str, columns: list[Column], blocks: list[list[TotalRow]], check: RowCheck
    ) -> Iterator[Line]:
        yield from self.heads(ws, columns)
        if not blocks:
            yield FIRST_ROW, [self.cell(ws, FIRST_ROW, 2, self.said(start_rules.why_empty(self.asked, sheet)), "quiet")]
        codes = {column.code: n for n, column in enumerate(columns, start=1)} | {"once": 4}
        for place, row in self.places_of_totals([row for block in blocks for row in block]):
            if row is None:
                yield place, [self.cell(ws, place, 3, self.said(N_("Once for the whole window")), "strong")]
                continue
            cells = [self.cell(ws, place, 1, row.row_id, "code")]
            asks = any(row.cells.values())
            cells.append(
                self.formula(ws, place, 2, check.totals(row.cells, place), "check")
                if asks
                else self.cell(ws, place, 2, "", "check")
            )
            cells.append(self.cell(ws, place, 3, row.day or row.label, "locked_day" if row.day else "label"))
            for code, name in sorted(row.cells.items(), key=lambda one: codes[one[0]]):
                cells.append(self._total_cell(ws, place, codes[code], name))
            if return_rules.ROW_WHY in codes:
                cells.append(self.cell(ws, place, codes[return_rules.ROW_WHY], row.why, "locked"))
            yield place, cells

    @staticmethod
    def places_of_totals(rows: Sequence[TotalRow]) -> Iterator[tuple[int, TotalRow | None]]:
        """Line of each row; None for the heading over what is asked once."""
        place, before = FIRST_ROW, None
        for row in rows:
            once = row.day is None
            if once and before is not True:
                yield place + 1, None
                place += 2
            yield place, row
            place, before = place + 1, once

    def _total_cell(self, ws: Any, row: int, column: int, name: str) -> Cell:
        if not name:
            return self.cell(ws, row, column, "", "locked")
        fault = next((fault for fault in self.faults if fault.name == name), None)
        if fault is not None:
            return self.marked(ws, row, column, self.typed.get(name) or fault.wrote, "any", fault)
        typed = self.typed.get(name, "")
        return self.cell(ws, row, column, int(typed) if typed.isascii() and typed.isdigit() else typed, "white_any")

    def _totals_choices(self, ws: Any, rows: Sequence[TotalRow], check: RowCheck) -> None:
        """A dropdown for what only takes zero or declined, a word of help for the others."""
        silent = DataValidation(
            "list", formula1=self.lists[SILENCE].offered(self.titles[LISTS]), showErrorMessage=False
        )
        other = DataValidation(type="whole", operator="between", formula1="0", formula2="99999", showErrorMessage=False)
        other.promptTitle, other.showInputMessage = self.said(N_("What to type")), True
        other.prompt = self.said(N_("A number, 0 when there was nothing, d for declined; blank when it is not known."))
        for place, row in self.places_of_totals(rows):
            for code, name in row.cells.items() if row else ():
                if name:
                    (silent if check.silent(code) else other).add(f"{check.letters[code]}{place}")
        for choice in (silent, other):
            if choice.sqref:
                ws.add_data_validation(choice)

    # contacts and charges

    def _rows(self, sheet: str) -> None:
        columns = [*self.ours()]
        for column in COLUMNS[sheet]:
            columns.append(replace(column, label=self.said(column.label), note=self._noted(column)))
        sentence = start_rules.why_closed(self.asked, sheet)
        count = 0 if sentence else ready(self.asked, sheet, self._given(sheet))
        last = FIRST_ROW + max(count, 1) - 1
        ws = self.sheet(sheet, [column.width for column in columns], last)
        ws.freeze_panes = f"C{FIRST_ROW}"
        reach = f"A1:{letter(len(columns))}{last}"
        if sentence:
            self.streams[ws.title] = (self._closed(ws, columns, sentence), reach)
            return
        self.attention(ws, last)
        self.checked[sheet] = last
        self._choices(ws, columns, last)
        self.streams[ws.title] = (self._row_lines(ws, sheet, columns, last), reach)

    def _given(self, sheet: str) -> list[str]:
        source = self.returned or self.asked
        return [row.row_id for row in (source.contacts if sheet == CONTACTS else source.charges)]

    def _noted(self, column: Column) -> str:
        words = [self.said(N_("Needed."))] if column.needed else []
        return " ".join([*words, *([self.said(column.note)] if column.note else [])])

    def _closed(self, ws: Any, columns: list[Column], sentence: str) -> Iterator[Line]:
        yield from self.heads(ws, columns)
        yield FIRST_ROW, [self.cell(ws, FIRST_ROW, 2, self.said(sentence), "quiet")]

    def _row_lines(self, ws: Any, sheet: str, columns: list[Column], last: int) -> Iterator[Line]:
        yield from self.heads(ws, columns)
        letters = {column.code: letter(n) for n, column in enumerate(columns, start=1)}
        check = RowCheck(self.asked, self.language, letters, self.lists)
        formula = check.contacts() if sheet == CONTACTS else check.charges()
        following, first = Shared(0), Shared(0, f"B{FIRST_ROW}:B{last}", formula)
        words = {key: _words(self.asked, listed, key) for key, listed in self.lists.items()}
        faults: dict[str, list[Fault]] = {}
        for fault in self.faults:
            if fault.row_id:
                faults.setdefault(fault.row_id, []).append(fault)
        filled = columns[2:]
        for place, (row_id, values) in enumerate(self.lines(sheet), start=FIRST_ROW):
            if not row_id:
                stands = self.cell(ws, place, 2, self.said(N_("Stands already; not shown here")), "locked")
                yield place, [stands, *(self.cell(ws, place, n, "", "locked") for n in range(3, len(columns) + 1))]
                continue
            cells = [self.cell(ws, place, 1, row_id, "code")]
            cells.append(self.formula(ws, place, 2, first if place == FIRST_ROW else following, "check"))
            wrong = {column_of(fault): fault for fault in reversed(faults.get(row_id, ()))}
            for n, column in enumerate(filled, start=3):
                value = values.get(column.code)
                if value is not None and column.code != "code":
                    value = words.get(key_of(column), {}).get(value, value) if isinstance(value, str) else value
                kind = column.kind if column.kind in FORMATS else "text"
                fault = wrong.get(column.code)
                if fault is not None:
                    cells.append(self.marked(ws, place, n, fault.wrote if value is None else value, kind, fault))
                else:
                    cells.append(self.cell(ws, place, n, value, f"white_{kind}"))
            yield place, cells

    def _choices(self, ws: Any, columns: list[Column], last: int) -> None:
        """Dropdowns from the ranges of *Lists*, and what a day and a time look like."""
        for number, column in enumerate(columns[2:], start=3):
            listed = self.lists.get(key_of(column))
            if listed is not None and (column.kind == "choice" or column.from_site):
                rule = DataValidation("list", formula1=listed.offered(self.titles[LISTS]), allow_blank=True)
                rule.showErrorMessage = False  # the Row check says it in words, and another language is understood too
            elif column.kind in ("day", "time"):
                rule = DataValidation(type="date" if column.kind == "day" else "time", operator="greaterThanOrEqual")
                rule.formula1 = "0"
                rule.showErrorMessage, rule.showInputMessage = False, True
                rule.prompt = self.said(N_("Such as 2017-10-10.") if column.kind == "day" else N_("Such as 21:30."))
            else:
                continue
            rule.add(f"{letter(number)}{FIRST_ROW}:{letter(number)}{last}")
            ws.add_data_validation(rule)

    # what answers a faulty return

    def marked(self, ws: Any, row: int, column: int, value: Any, kind: str, fault: Fault) -> Cell:
        cell = self.cell(ws, row, column, value, f"marked_{kind}")
        cell.comment = note(" ".join(self.problem(fault)))
        return cell

    def problem(self, fault: Fault) -> tuple[str, str]:
        """What is wrong and how to fix it, in words."""
        params = {name: said_in(v, self.language) if isinstance(v, str) else v for name, v in fault.params.items()}
        message, fix = said_in(fault.message, self.language), said_in(fault.fix, self.language)
        return (message % params, fix % params) if params else (message, fix)

    def _to_fix(self, ws: Any) -> None:
        columns = [
            Column(return_rules.ROW_ID, "", width=4),
            self.column("where", N_("Cell"), 16),
            self.column("wrote", N_("What was written"), 28),
            self.column("problem", N_("What is wrong"), 46),
            self.column("fix", N_("How to fix it"), 46),
            self.column("must", N_("Must or check"), 16,
                        note=N_("Must: it is not taken until it is fixed. Check: it is taken; look at it once more.")),
        ]  # fmt: skip
        last = LABELS_ROW + 1 + len(self.faults[: start_rules.MOST_FAULTS])
        self.sheet(ws.title, [column.width for column in columns], last)
        ws.freeze_panes = f"B{LABELS_ROW + 1}"
        self.streams[ws.title] = (self._fix_lines(ws, columns), f"A1:F{last}")

    def _fix_lines(self, ws: Any, columns: list[Column]) -> Iterator[Line]:
        heads = list(self.heads(ws, columns))[-1]
        must = len([fault for fault in self.faults if fault.must])
        ws.row_dimensions[CODES_ROW].hidden = False
        ws.row_dimensions[CODES_ROW].height = 26
        words = start_rules.summary(must, len(self.faults) - must, self.language)
        yield CODES_ROW, [self.cell(ws, CODES_ROW, 2, words, "banner")]
        yield heads
        places = self.places()
        for row, fault in enumerate(self.faults[: start_rules.MOST_FAULTS], start=LABELS_ROW + 1):
            problem, fix = self.problem(fault)
            place = places.get((fault.sheet, fault.name)) or self.place(fault)
            title = self.titles.get(fault.sheet, fault.sheet)
            where = self.cell(ws, row, 2, f"{title} {place or fault.cell}".strip(), "link" if place else "plain")
            if place:
                where.hyperlink = Hyperlink(ref=f"B{row}", location=f"{quoted(title)}!{place}")
            kind = self.said(N_("Must") if fault.must else N_("Check"))
            texts = (clean(fault.wrote)[:300], problem, fix)
            tall = max(lines_in(text, columns[n].width) for n, text in enumerate(texts, start=2))
            ws.row_dimensions[row].height = LINE * min(tall, 20) + 2
            cells = [self.cell(ws, row, n, text, "plain") for n, text in enumerate(texts, start=3)]
            yield row, [where, *cells, self.cell(ws, row, 6, kind, "must" if fault.must else "plain")]

    def places(self) -> dict[tuple[str, str], str]:
        """Sheet and name of a cell of totals → where it stands here."""
        found = {}
        for sheet, rows, measures in (
            (TOTALS, self.asked.totals, self.asked.measures),
            (REFERRALS, self.asked.referrals, return_rules.REFERRAL_MEASURES),
        ):
            at = {code: letter(n) for n, code in enumerate(measures, start=4)} | {"once": letter(4)}
            for place, row in self.places_of_totals(rows):
                for code, name in row.cells.items() if row else ():
                    if name:
                        found[sheet, name] = f"{at[code]}{place}"
        return found

    def place(self, fault: Fault) -> str:
        """Where a row's cell stands here; '' when it is nowhere."""
        if fault.row_id and fault.sheet in COLUMNS and not start_rules.why_closed(self.asked, fault.sheet):
            codes = [column.code for column in COLUMNS[fault.sheet]]
            at = codes.index(column_of(fault)) + 3 if column_of(fault) in codes else 3
            return f"{letter(at)}{FIRST_ROW + place_of(fault.row_id) - 1}"
        return ""

    # start, lists, meta

    def _start(self) -> None:
        lines = start_rules.lines(self.asked, {self.titles[s]: last for s, last in self.checked.items() if last})
        ws = self.sheet(START, [10, 62, 62], len(lines) + 1, landscape=False)
        ws.page_setup.fitToHeight = 1
        sign = next(number for number, line in enumerate(lines, start=1) if line.row_id == return_rules.SIGN_YES)
        choice = DataValidation(
            "list", formula1=self.lists["yes_no"].offered(self.titles[LISTS]), showErrorMessage=False
        )
        choice.add(f"{letter(ANSWER_COLUMN)}{sign}")
        ws.add_data_validation(choice)
        self.streams[ws.title] = (self._start_lines(ws, lines), f"A1:C{len(lines)}")

    def _start_lines(self, ws: Any, lines: Sequence[start_rules.Line]) -> Iterator[Line]:
        signer = self.returned.signer if self.returned else ""
        answers = {
            return_rules.SIGN_NAME: signer,
            return_rules.SIGN_YES: self.said(dict(return_rules.YES_NO)[return_rules.YES]) if signer else "",
        }
        for row, line in enumerate(lines, start=1):
            words = "" if line.look == "live" else max(line.en, line.fr, key=len)
            ws.row_dimensions[row].height = 28 if line.look == "title" else LINE * lines_in(words, 66) + 4
            cells = [self.cell(ws, row, 1, line.row_id, "code")]
            for column, words in ((2, line.en), (3, line.fr)):
                if words.startswith("=") and line.look == "live":
                    cells.append(self.formula(ws, row, column, words, line.look))
                elif column == ANSWER_COLUMN and line.row_id:
                    cells.append(self.cell(ws, row, column, answers[line.row_id], "white_text"))
                else:
                    cells.append(self.cell(ws, row, column, words, line.look))
            yield row, cells

    def _listed(self) -> None:
        longest = max(len(listed.words) + len(listed.understood) for listed in self.lists.values())
        widths = [30.0] * len(self.lists)
        ws = self.sheet(LISTS, widths, FIRST_ROW + longest)
        ws.column_dimensions["A"].hidden = False
        ws.print_area = None
        self.streams[ws.title] = (self._list_lines(ws, longest), f"A1:{letter(len(self.lists))}{FIRST_ROW + longest}")
        ws.freeze_panes = f"A{FIRST_ROW}"
        for one in self.lists.values():
            self.book.defined_names[one.name] = DefinedName(one.name, attr_text=one.known(self.titles[LISTS]))

    def _list_lines(self, ws: Any, longest: int) -> Iterator[Line]:
        every: list[Listed] = list(self.lists.values())
        ws.row_dimensions[CODES_ROW].hidden = True
        yield CODES_ROW, [self.cell(ws, CODES_ROW, one.place, one.key, "code") for one in every]
        yield LABELS_ROW, [self.cell(ws, LABELS_ROW, one.place, one.label, "head") for one in every]
        for row in range(longest):
            cells = []
            for one in every:
                if row < len(one.words):
                    cells.append(self.cell(ws, FIRST_ROW + row, one.place, one.words[row], "label"))
                elif row < len(one.words) + len(one.understood):
                    words = one.understood[row - len(one.words)]
                    cells.append(self.cell(ws, FIRST_ROW + row, one.place, words, "code"))
            yield FIRST_ROW + row, cells

    def _meta(self) -> None:
        ws = self.book[META_TITLE]
        ws.sheet_state = "veryHidden"
        ws.protection.sheet = True
        pairs = [("program", return_rules.PROGRAM), *((n, str(v)) for n, v in vars(self.asked.meta).items())]

        def lines() -> Iterator[Line]:
            for row, (name, value) in enumerate(pairs, start=1):
                yield row, [self.cell(ws, row, 1, name, "code"), self.cell(ws, row, 2, value, "code")]

        self.streams[META_TITLE] = (lines(), f"A1:B{len(pairs)}")


def column_of(fault: Fault) -> str:
    """The code of the column that a fault of a row speaks of; without one, what stands there in our layout."""
    if fault.column or fault.sheet not in COLUMNS:
        return fault.column
    at = letter_number(fault.cell.rstrip("0123456789")) - 3
    codes = [column.code for column in COLUMNS[fault.sheet]]
    return codes[at] if 0 <= at < len(codes) else ""


def letter_number(letters: str) -> int:
    number = 0
    for one in letters:
        number = number * 26 + ord(one) - 64
    return number


def _words(asked: Asked, listed: Listed, key: str) -> dict[str, str]:
    """Code → word of one list."""
    if key == return_rules.OFFENCES:
        return dict(zip((code for code, *_ in asked.choices.offences), listed.words, strict=True))
    codes = listed.understood[len(listed.words) :]
    return dict(zip(codes, listed.words, strict=False))
