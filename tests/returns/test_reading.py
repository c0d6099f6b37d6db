"""Reading a return: what is meant is read exactly, whatever the language; all else is named by its cell."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from outreach.errors import Unreadable
from outreach.returns import return_cell_rules as cells
from outreach.returns import workbook_file
from outreach.returns.return_rules import CHARGES, CONTACTS, REFERRALS, START, TOTALS, Column, Returned
from outreach.returns.return_sheet_rules import SheetRead

from .sent_back import DAYS, TODAY, Sent, asked, made, mark, read, returned, sheets_of, stamp, template

CODE = "K7QM-4R24"
WORDS = {
    "en": {"met": "Met", "street": "On the street", "yes": "Yes", "age": "19 to 24", "woman": "Woman or girl",
           "accepted": "Accepted", "no": "No", "left": "Left", "laid": "Laid", "declined": "declined"},
    "fr": {"met": "Personne rencontrée", "street": "Dans la rue", "yes": "Oui", "age": "De 19 à 24 ans",
           "woman": "Femme ou fille", "accepted": "Acceptée", "no": "Non", "left": "Partie", "laid": "Portée",
           "declined": "refus"},
    "codes": {"met": "met", "street": "street", "yes": "yes", "age": "19_24", "woman": "woman_girl",
              "accepted": "accepted", "no": "no", "left": "left", "laid": "laid", "declined": "d"},
}  # fmt: skip


def french_words() -> dict[str, str]:
    """The French of the lists as the catalogue has it."""
    from outreach.plan.workbook_rules import french
    from outreach.vocab import AgeBand, Approach, ChargeStatus, ContactResult, Gender, SupportAnswer

    said = {"met": ContactResult.MET, "street": Approach.STREET, "age": AgeBand.AGE_19_24, "woman": Gender.WOMAN_GIRL,
            "accepted": SupportAnswer.ACCEPTED, "left": ContactResult.LEFT, "laid": ChargeStatus.LAID}  # fmt: skip
    return WORDS["fr"] | {name: french(item.label) for name, item in said.items()}


def golden(words: str, mode: str = "contacts", language: str = "en") -> Sent:
    """A good file, with the words of one language in the workbook of another."""
    say = french_words() if words == "fr" else WORDS[words]
    sent = Sent(mode=mode, language=language)
    if mode == "contacts":
        sent.put(CONTACTS, 3, no="1", day=dt.date(2017, 10, 10), time=dt.time(21, 30), result=say["met"],
                 approach=say["street"], municipality="saint-leon", code=CODE.lower(), agreed=say["yes"],
                 age=say["age"], gender=say["woman"], answer=say["accepted"], made_safe=say["no"], kits=2)  # fmt: skip
        sent.put(CONTACTS, 4, no=1, day="2017-10-10", result=say["met"].upper(), agreed=say["no"])
        sent.put(CONTACTS, 7, day="le 1er octobre 2017", time="23 h 05", result=say["left"])
        sent.put(TOTALS, sent.line(TOTALS, "day-2017-10-12"), contacts=say["declined"], charges="3")
        sent.put(TOTALS, sent.line(TOTALS, "once-personnel-police"), contacts="1 234")
    else:
        sent.put(TOTALS, sent.line(TOTALS, "day-2017-10-12"), contacts=4, persons_met="4,0", kits_handed_out=0)
        sent.put(REFERRALS, sent.line(REFERRALS, "day-2017-10-10"), referrals_made=1)
    sent.put(CHARGES, 3, accused="a-01", arrested=say["yes"], arrested_on="October 11, 2017", offence="279.01(1)",
             counts="2", laid_on=dt.date(2017, 10, 12), status=say["laid"])  # fmt: skip
    sent.put(CHARGES, 4, accused="A-01", offence="obtention de services sexuels", counts=1, laid_on="12 oct. 2017")
    sent.put(CHARGES, 5, accused="A-02", arrested=say["no"])
    sent.sign("Ana Roy, sergeant", say["yes"])
    return sent


def assert_golden(got: Returned, mode: str = "contacts") -> None:
    assert [fault for fault in got.faults if fault.must] == []
    day = dt.date(2017, 10, 10)
    if mode == "contacts":
        assert [(row.row, dict(row.values)) for row in got.contacts] == [
            (3, {"no": "1", "day": day, "time": dt.time(21, 30), "result": "met", "approach": "street",
                 "municipality": "Saint-Léon", "code": "K7QM4R24", "agreed": "yes", "age": "19_24",
                 "gender": "woman_girl", "answer": "accepted", "made_safe": "no", "kits": 2}),
            (4, {"no": "1", "day": day, "result": "met", "agreed": "no"}),
            (7, {"day": dt.date(2017, 10, 1), "time": dt.time(23, 5), "result": "left"}),
        ]  # fmt: skip
        assert [(f.sheet, f.cell, f.must) for f in got.faults] == [(CONTACTS, "D7", False)]  # before the window
        assert got.typed == {"cell-contacts-2017-10-12": "d", "cell-charges-2017-10-12": "3",
                             "cell-personnel-window-police": "1234"}  # fmt: skip
        assert len(got.contacts[0].row_id) > 8 and got.contacts[0].row_id in got.seen
    else:
        assert got.faults == ()
        assert got.typed == {"cell-contacts-2017-10-12": "4", "cell-persons_met-2017-10-12": "4",
                             "cell-kits_handed_out-2017-10-12": "0", "cell-referrals_made-2017-10-10": "1"}  # fmt: skip
    laid = dt.date(2017, 10, 12)
    assert [dict(row.values) for row in got.charges] == [
        {"accused": "A-01", "arrested": "yes", "arrested_on": dt.date(2017, 10, 11), "offence": "cc-279.01(1)",
         "counts": 2, "laid_on": laid, "status": "laid"},
        {"accused": "A-01", "offence": "cc-286.1(1)", "counts": 1, "laid_on": laid},
        {"accused": "A-02", "arrested": "no"},
    ]  # fmt: skip
    assert got.signer == "Ana Roy, sergeant"
    assert {"cell-contacts-2017-10-09"} <= got.seen


# --- read exactly -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "mode", "language"), [
    ("en", "contacts", "en"), ("fr", "contacts", "fr"), ("codes", "contacts", "fr"), ("fr", "contacts", "en"),
    ("en", "daily_totals", "fr"), ("fr", "daily_totals", "en"),
])  # fmt: skip
def test_a_good_file_is_read_exactly_whatever_the_words(words: str, mode: str, language: str) -> None:
    wanted = asked(mode, language)
    assert_golden(read(golden(words, mode, language).saved(), wanted), mode)


def test_an_untouched_template_says_nothing_and_has_everything() -> None:
    got = read(template("contacts"))
    assert (got.typed, got.contacts, got.charges, got.faults, got.signer) == ({}, (), (), (), "")
    assert len([name for name in got.seen if name.startswith("co")]) == 12


def test_it_is_read_alike_in_the_process_with_limits_and_after_libreoffice_saved_it(tmp_path: Path) -> None:
    content = golden("en").saved()
    assert_golden(workbook_file.read_return(content, mark, asked(), today=TODAY))
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program, "LibreOffice is missing: apt-get install libreoffice-calc-nogui"
    (tmp_path / "return.xlsx").write_bytes(content)
    subprocess.run(
        [program, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), str(tmp_path / "return.xlsx")],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    assert_golden(
        workbook_file.read_return((tmp_path / "out" / "return.xlsx").read_bytes(), mark, asked(), today=TODAY)
    )


def refused_by(read_cell: Any, every: list[Any]) -> bool:
    for typed in every:
        with pytest.raises(cells.Wrong) as wrong:
            read_cell(typed)
        assert wrong.value.message and wrong.value.fix, typed
    return True


# --- one cell ---------------------------------------------------------------------------------------------------------


GOOD_DAYS: list[Any] = [
    (dt.date(2017, 10, 3), "2017-10-03"), (dt.datetime(2017, 10, 3), "2017-10-03"), ("2017-10-03", "2017-10-03"),
    (" 2017-10-3 ", "2017-10-03"), ("2017-10-03 00:00:00", "2017-10-03"), ("3 octobre 2017", "2017-10-03"),
    ("le 1er février 2017", "2017-02-01"), ("mardi 3 octobre 2017", "2017-10-03"), ("3 oct. 2017", "2017-10-03"),
    ("Tuesday, October 3, 2017", "2017-10-03"), ("Oct 3rd 2017", "2017-10-03"), ("3 AOÛT 2017", "2017-08-03"),
]  # fmt: skip


def test_a_day_that_reads_one_way_is_read() -> None:
    for typed, day in GOOD_DAYS:
        assert cells.read_day(typed).isoformat() == day, typed


BAD_DAYS: list[Any] = [
    "03/04", "03/04/2017", "3-4-17", "10.10.2017", "13/10/2017", "2017/10/03", "17-10-03", "3 octobre", "octobre 2017",
    "3 octobre 17", "Monday, October 3, 2017", "2017-02-30", "30 février 2017", "20171003", "tomorrow", "hier",
    "2017-10-03 21:30", 43011.0, 43011, True, dt.time(0, 0), dt.datetime(2017, 10, 3, 21, 30), dt.date(1900, 1, 3),
    "le", "1e99", "2017-10\n-03",
]  # fmt: skip


def test_a_day_that_could_be_another_is_refused() -> None:
    assert refused_by(cells.read_day, BAD_DAYS)


GOOD_TIMES: list[Any] = [
    ("21:30", "21:30"), ("21h30", "21:30"), ("21 h 30", "21:30"), ("9:05", "09:05"), ("21h", "21:00"),
    (dt.time(21, 30), "21:30"), (dt.time(21, 29, 59, 999999), "21:30"), ("00:15", "00:15"), ("21:30:00", "21:30"),
]  # fmt: skip


def test_a_time_that_reads_one_way_is_read() -> None:
    for typed, time in GOOD_TIMES:
        assert cells.read_time(typed).isoformat("minutes") == time, typed


BAD_TIMES: list[Any] = [
    "9:30 PM", "24:00", "2130", "21.30", "about nine", 0.5, 21, True, dt.date(2017, 10, 3), dt.time(21, 30, 31),
    dt.datetime(2017, 10, 3, 21, 30), "21:60", "-1:00",
]  # fmt: skip


def test_a_time_that_could_be_another_is_refused() -> None:
    assert refused_by(cells.read_time, BAD_TIMES)


GOOD_NUMBERS: list[Any] = [
    (4, "4"), (4.0, "4"), ("4", "4"), (" 4 ", "4"), ("4,0", "4"), ("4.00", "4"), ("1 234", "1234"),
    ("1\u202f234", "1234"), ("12\u00a0345", "12345"), ("００", "0"), (0, "0"), ("0", "0"), ("99999", "99999"),
    ("d", "d"), ("D", "d"), ("Declined", "d"), ("REFUS", "d"), ("r", "d"), ("007", "7"),
]  # fmt: skip


def test_a_number_that_reads_one_way_is_read() -> None:
    for typed, said in GOOD_NUMBERS:
        assert cells.read_total(typed) == said, typed


BAD_NUMBERS: list[Any] = [
    4.5, "4,5", "4.5", -1, "-1", "−1", "1,234", "1.234", "1,234.0", 100_000, "100000", "four", "n/a", "?", "~4",
    "4?", "4+", "0x4", "1e2", "IV", "½", "²", "4 5", "12 34", True, "50%", dt.date(1900, 1, 4), dt.time(0, 0), "d4",
    "no", "-", "O", float("1e300"), "99999999999999999999",
]  # fmt: skip


def test_a_number_that_could_be_another_is_refused() -> None:
    assert refused_by(cells.read_total, BAD_NUMBERS)


def test_a_word_that_two_entries_share_is_refused_and_a_code_is_not() -> None:
    words = cells.Words([("a", ("Same",)), ("b", ("sàme", "Other"))])
    assert words.read(" OTHER ") == "b" and words.read("A") == "a"
    with pytest.raises(cells.Wrong, match="Several"):
        words.read("same")


def test_two_sections_that_are_one_number_to_a_spreadsheet_are_refused() -> None:
    column = Column("offence", "Offence", "choice", from_site="offences")
    choices = asked().choices.__class__((("x", "279.1 A", "279.1 B"), ("y", "279.10 C", "279.10 D")), ())
    read_offence = cells.reader_of(column, choices)
    assert read_offence("279.1") == "x" and read_offence("279.10") == "y"
    with pytest.raises(cells.Wrong):
        read_offence(279.1)


# --- each problem at its cell -----------------------------------------------------------------------------------------

A_PERSON = {"day": "2017-10-10", "result": "Met", "agreed": "Yes"}
A_CHARGE = {"accused": "A-01", "arrested": "No", "offence": "279.01(1)", "counts": 1, "laid_on": "2017-10-12"}


BAD_ROWS: list[tuple[str, dict[str, Any], str, str]] = [
    (CONTACTS, {**A_PERSON, "code": "Jane Doe"}, "code", "no person code"),
    (CONTACTS, {**A_PERSON, "code": "519 555 0100"}, "code", "no person code"),
    (CONTACTS, {**A_PERSON, "code": "K7QM-4R2Y"}, "code", "no person code"),
    (CONTACTS, {**A_PERSON, "agreed": None, "age": "18"}, "age", "Without “Yes”"),
    (CONTACTS, {**A_PERSON, "agreed": "No", "answer": "Declined"}, "answer", "Without “Yes”"),
    (CONTACTS, {**A_PERSON, "result": "No answer"}, "agreed", "nobody was met"),
    (CONTACTS, {**A_PERSON, "result": "Left", "agreed": None, "gender": "Not known"}, "gender", "nobody was met"),
    (CONTACTS, {**A_PERSON, "day": None}, "day", "is missing"),
    (CONTACTS, {**A_PERSON, "result": None}, "result", "is missing"),
    (CONTACTS, {**A_PERSON, "day": "2015-10-10"}, "day", "more than a year"),
    (CONTACTS, {**A_PERSON, "day": "2017-11-07"}, "day", "not come yet"),
    (CONTACTS, {**A_PERSON, "municipality": "Toronto"}, "municipality", "not in the list"),
    (CONTACTS, {**A_PERSON, "kits": 501}, "kits", "more than"),
    (CONTACTS, {**A_PERSON, "no": dt.date(2017, 1, 2)}, "no", "made a day"),
    (CONTACTS, {**A_PERSON, "approach": "Street\nfar"}, "approach", "cannot be seen"),
    (CHARGES, {**A_CHARGE, "accused": "John Smith"}, "accused", "no code of an accused"),
    (CHARGES, {**A_CHARGE, "label": "Assault"}, "label", "not both"),
    (CHARGES, {**A_CHARGE, "offence": None}, "offence", "Choose an offence"),
    (CHARGES, {**A_CHARGE, "offence": None, "label": "Assault"}, "statute", "statute"),
    (CHARGES, {**A_CHARGE, "counts": None}, "counts", "number of counts"),
    (CHARGES, {**A_CHARGE, "counts": 0}, "counts", "less than"),
    (CHARGES, {**A_CHARGE, "laid_on": None}, "laid_on", "Enter the day"),
    (CHARGES, {**A_CHARGE, "laid_on": "2017-11-07"}, "laid_on", "after today"),
    (CHARGES, {**A_CHARGE, "laid_on": "2007-10-12"}, "laid_on", "more than a year"),
    (CHARGES, {**A_CHARGE, "arrested_on": "2017-10-10"}, "arrested_on", "Without an arrest"),
    (CHARGES, {**A_CHARGE, "arrested": "Yes"}, "arrested_on", "day of the arrest"),
    (CHARGES, {**A_CHARGE, "arrested": None}, "arrested", "was arrested"),
    (CHARGES, {"arrested": "No"}, "accused", "is missing"),
]  # fmt: skip


def test_what_is_wrong_with_a_row_is_named_at_its_cell() -> None:
    wanted = asked(rows=40)
    sent = Sent(made(wanted))
    expected = {}
    for line, (sheet, row, where, words) in enumerate(BAD_ROWS, start=5):
        own = {"accused": f"A-{line}"} if row.get("accused") == "A-01" else {}
        sent.put(sheet, line, **row | own)
        expected[sheet, sent.place(sheet, line, where)] = where, sent.number(sheet, line), words
    got = read(sent.saved(), wanted)
    assert {(f.sheet, f.cell): (f.column, f.row_id) for f in got.faults} == {
        place: said[:2] for place, said in expected.items()
    }
    assert all(expected[f.sheet, f.cell][2] in f.message and f.fix and f.must for f in got.faults), got.faults
    assert len(got.faults) == len(BAD_ROWS) and got.good().contacts == got.good().charges == ()


def test_rows_of_one_contact_have_to_agree_and_name_nobody_twice() -> None:
    sent = Sent()
    sent.put(CONTACTS, 3, **A_PERSON, no=7, time="21:30", code=CODE)
    sent.put(CONTACTS, 5, **A_PERSON, no="07", time="21:31", code=CODE)
    got = read(sent.saved())
    assert [(f.cell, f.params) for f in got.must] == [("E5", {"row": 3}), ("J5", {"row": 3})]
    assert [row.row for row in got.good().contacts] == [3]


def test_who_sends_daily_totals_is_told_that_contacts_would_not_be_counted() -> None:
    sent = Sent(mode="daily_totals")
    sent.put(CONTACTS, 3, **A_PERSON)
    got = read(sent.saved(), asked("daily_totals"))
    assert [(f.sheet, f.cell) for f in got.must] == [(CONTACTS, "D3")] and "would not be counted" in got.must[0].message
    assert got.contacts == ()


def test_who_logs_contacts_says_only_zero_or_declined_for_a_day() -> None:
    sent = Sent()
    row = sent.line(TOTALS, "day-2017-10-12")
    sent.put(TOTALS, row, contacts=3)
    got = read(sent.saved())
    assert [(f.cell, f.name) for f in got.must] == [(f"D{row}", "cell-contacts-2017-10-12")] and got.typed == {}


def test_what_is_typed_on_a_sheet_where_nothing_is_asked_is_told() -> None:
    sent = Sent()
    sent.put(REFERRALS, 4, referrals_made=2)
    got = read(sent.saved())
    assert [(f.sheet, f.cell) for f in got.must] == [(REFERRALS, "D4")] and "one by one" in got.must[0].message


SIGNED: list[tuple[Any, Any, str, list[bool]]] = [
    ("Ana Roy", "Yes", "Ana Roy", []), ("Ana Roy", "OUI", "Ana Roy", []), ("", "", "", []), ("Ana Roy", "No", "", []),
    ("Ana Roy", "", "", [False]), ("", "Yes", "", [True]), ("Ana Roy", "maybe", "", [True]), (5, "Yes", "", [True]),
    ("Ana Roy", True, "Ana Roy", []), (dt.date(2017, 10, 10), "Yes", "", [True]),
]  # fmt: skip


def test_a_return_signs_only_with_a_name_and_yes() -> None:
    for name, answer, signer, faults in SIGNED:
        sheets = sheets_of(template("contacts"))
        numbers, answers = sheets[0].columns[0], sheets[0].columns[2]
        answers[numbers.index("sign-name")], answers[numbers.index("sign-yes")] = name, answer
        got = returned(sheets)
        assert (got.signer, [fault.must for fault in got.faults]) == (signer, faults), (name, answer)
        assert {fault.sheet for fault in got.faults} <= {START}


# --- what the file is instead -----------------------------------------------------------------------------------------


def _stamped(**changes: Any) -> list[SheetRead]:
    sheets = sheets_of(template("contacts"))
    names, values = sheets[-1].columns[:2]
    for name, value in changes.items():
        values[names.index(name)] = str(value)
    return sheets


INSTEAD: list[tuple[dict[str, Any], str]] = [
    ({"issue": 3}, "forged_stamp"), ({"service": 8}, "forged_stamp"), ({"operation": 8}, "forged_stamp"),
    ({"signature": "0" * 32}, "forged_stamp"), ({"signature": "é"}, "forged_stamp"),
    ({"signature": ""}, "forged_stamp"), ({"issue": "two"}, "forged_stamp"), ({"template": 0}, "forged_stamp"),
    ({"template": 2}, "new_version"), ({"program": "Other"}, "no_stamp"),
    (vars(stamp(service=8)), "wrong_service"), (vars(stamp(operation=4)), "wrong_operation"),
]  # fmt: skip


def test_what_is_no_return_of_this_service_is_refused_by_what_it_is() -> None:
    for changes, code in INSTEAD:
        with pytest.raises(Unreadable) as refused:
            returned(_stamped(**changes))
        assert refused.value.code == code in workbook_file.REFUSALS, changes
    for content, code in ((b"Day;Contacts\r\n", "text"), (b"", "empty"), (template("contacts")[:-300], "damaged")):
        with pytest.raises(Unreadable) as refused:
            read(content)
        assert refused.value.code == code


def test_a_renamed_stamp_is_still_the_stamp_and_a_removed_one_is_none() -> None:
    sent = golden("en")
    sent.sheets["meta"].title = "Sheet8"
    assert_golden(read(sent.saved()))
    sent.file.remove(sent.sheets["meta"])
    with pytest.raises(Unreadable) as refused:
        read(sent.saved())
    assert refused.value.code == "no_stamp"


def test_more_faults_than_anybody_would_read_refuse_the_file() -> None:
    from outreach.returns import return_fault_rules

    sent = Sent()
    for row in range(3, 15):
        sent.put(CONTACTS, row, **A_PERSON, code="Jane")
    most, return_fault_rules.MOST_FAULTS = return_fault_rules.MOST_FAULTS, 10
    try:
        with pytest.raises(Unreadable) as refused:
            read(sent.saved())
    finally:
        return_fault_rules.MOST_FAULTS = most
    assert refused.value.code == "too_many_faults" and refused.value.params["cell"] == "J3"


def test_days_of_the_operation_are_its_evenings() -> None:
    assert DAYS[0] == dt.date(2017, 10, 9) and len(DAYS) == 7
