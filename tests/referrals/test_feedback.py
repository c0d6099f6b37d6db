"""Feedback cards: answers become counts that lead to nobody, and are seen in steps of six."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import re
import threading
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from outreach.audit.tags import Tag
from outreach.auth.actors import ANYBODY, SYSTEM
from outreach.errors import Blocked, Invalid, NotAllowed
from outreach.field.rules import CODE_SIGNS, make_code
from outreach.field.rules import read_code as read_person_code
from outreach.ready import sheets
from outreach.referrals import feedback_cards, feedback_commands, feedback_views
from outreach.referrals import feedback_rules as rules
from outreach.storage import db, engine, writing
from outreach.storage.queries import feedback
from outreach.storage.tables import (
    AuditEntry,
    FeedbackCode,
    FeedbackCount,
    FeedbackPending,
    SessionRecord,
    SignInFailure,
)
from outreach.vocab import OperationStatus, Role
from outreach.web.throttle import Unstored
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import actor_of
from tests.ready.pixels import is_grey

GOOD = {"respect": "yes", "understood": "yes", "free": "yes", "safer": "safer"}


@pytest.fixture(autouse=True)
def nobody_asked_yet(monkeypatch):
    monkeypatch.setattr(feedback_views, "_asked", Unstored())


def cards_of(operation: Any, service: Any, sheets: int = 1) -> list[str]:
    with writing():
        return feedback_commands.make_cards(SYSTEM, operation, service.id, sheets)


def answered(codes: list[str], **answers: str) -> None:
    for code in codes:
        with writing():
            assert feedback_commands.answer(code, GOOD | answers)


def shown(operation: Any) -> dict[tuple[str, str], int]:
    return {(row[2], row[3]): row[4] for row in feedback.shown_of([operation.id]) if row[4]}


# --- rules ------------------------------------------------------------------------------------------------------------


def test_a_code_with_one_wrong_sign_or_two_swapped_is_found_out_and_no_person_code_is_taken_for_one():
    code = rules.make_codes(1)[0]
    assert rules.read_code(rules.shown_code(code).lower().replace("-", " ")) == code
    for place, sign in itertools.product(range(rules.CODE_LENGTH), CODE_SIGNS):
        assert rules.read_code(code[:place] + sign + code[place + 1 :]) in (None, code)
    for place in range(rules.CODE_LENGTH - 1):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert swapped == code or rules.read_code(swapped) is None
    assert rules.read_code(make_code()) is None and read_person_code(code) is None
    for typed in ("", "²" * 9, "\x00" * 9, "A" * 100_000):
        assert rules.read_code(typed) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*(st.sampled_from(question.codes) for question in rules.QUESTIONS)), max_size=30))
def test_between_two_looks_there_are_never_fewer_than_six_persons(persons):
    counts, seen = rules.nothing(), [rules.nothing()]
    for each in persons:
        answers = dict(zip((question.code for question in rules.QUESTIONS), each, strict=True))
        counts = rules.with_answers(counts, answers)
        if rules.may_be_seen(counts):
            seen.append(counts)
    assert len(seen) == 1 + len(persons) // rules.STEP
    for before, after in itertools.pairwise(seen):
        for question in rules.QUESTIONS:
            more = [after[question.code][code] - before[question.code][code] for code in question.codes]
            assert sum(more) == rules.STEP and min(more) >= 0


def test_a_question_comes_after_those_that_have_an_answer_and_an_unknown_answer_is_none():
    assert rules.next_question(rules.answers_in({})) is rules.QUESTIONS[0]
    assert rules.answers_in({"respect": "skip", "understood": "x", "free": "no"}) == {"respect": "skip"}
    assert rules.next_question(rules.answers_in(GOOD)) is None


# --- commands ---------------------------------------------------------------------------------------------------------


def test_only_coordinators_of_the_operation_or_the_service_print_and_the_journal_has_the_number_alone(app):
    operation, service, other = an_operation(), a_service(), a_service()
    for one in (service, other):
        a_participation(operation, one)
    for user in (a_user(Role.SERVICE_COORDINATOR, other), a_user(Role.FIELD_OFFICER, service), a_user()):
        with pytest.raises(NotAllowed), writing():
            feedback_commands.make_cards(actor_of(user), operation, service.id, 1)
    assert db.session.query(FeedbackCode).count() == 0
    codes = []
    for user in (a_user(Role.SERVICE_COORDINATOR, service), a_user(Role.OPERATION_COORDINATOR, operation=operation)):
        with writing():
            codes += feedback_commands.make_cards(actor_of(user), operation, service.id, 2)
    assert len(set(codes)) == 40 == db.session.query(FeedbackCode).count()
    entries = db.session.query(AuditEntry).filter_by(tag=Tag.CARDS_PRINTED.value).all()
    assert [(entry.details, entry.service_id) for entry in entries] == [({"cards": 20}, service.id)] * 2


def test_no_cards_of_a_rehearsal_nor_of_a_number_that_nobody_prints(app):
    operation, service = an_operation(), a_service()
    a_participation(operation, service)
    for number in (0, -1, rules.MOST_SHEETS + 1):
        with pytest.raises(Invalid), writing():
            feedback_commands.make_cards(SYSTEM, operation, service.id, number)
    archived = an_operation(status=OperationStatus.ARCHIVED)
    with pytest.raises(NotAllowed), writing():
        feedback_commands.make_cards(SYSTEM, archived, service.id, 1)
    rehearsal = an_operation(is_rehearsal=True)
    with pytest.raises(Blocked), writing():
        feedback_commands.make_cards(SYSTEM, rehearsal, service.id, 1)


@pytest.mark.any_database
def test_a_code_counts_once_and_results_move_with_every_sixth(app):
    operation, service = an_operation(), a_service()
    codes = cards_of(operation, service, 2)
    answered(codes[:5])
    assert shown(operation) == {}
    answered(codes[5:6], free="no")
    six = {("respect", "yes"): 6, ("understood", "yes"): 6, ("safer", "safer"): 6}
    assert shown(operation) == six | {("free", "yes"): 5, ("free", "no"): 1}
    answered(codes[6:11], respect="skip")
    assert shown(operation) == six | {("free", "yes"): 5, ("free", "no"): 1}
    with writing():
        assert not feedback_commands.answer(codes[0], GOOD)  # it has answered
        assert not feedback_commands.answer(rules.make_codes(1)[0], GOOD)  # it was never printed
    answered(codes[11:12])
    assert shown(operation)["respect", "yes"] == 7 and shown(operation)["respect", "skip"] == 5
    assert db.session.query(FeedbackCode).count() == 8


@pytest.mark.any_database
def test_answers_that_come_at_once_are_all_counted_and_no_code_twice(app, monkeypatch):
    """The database alone decides, without the queue of one process."""
    monkeypatch.setattr(engine._queue, "turn", nullcontext)
    operation, service = an_operation(), a_service()
    codes = cards_of(operation, service, 2)[:12]
    db.session.rollback()
    gate, counted = threading.Barrier(4), []

    def answer(mine: list[str]) -> None:
        with app.app_context():
            gate.wait()
            for code in [*mine, codes[0]]:
                with writing():
                    counted.append(feedback_commands.answer(code, GOOD))
            db.session.remove()

    threads = [threading.Thread(target=answer, args=(codes[at::4],)) for at in range(4)]
    for each in (threading.Thread.start, threading.Thread.join):
        for thread in threads:
            each(thread)
    db.session.rollback()
    assert counted.count(True) == 12 == shown(operation)["respect", "yes"]


def test_services_are_counted_apart_and_an_operation_shows_the_sum_of_what_they_show(app):
    operation, one, two = an_operation(), a_service("Alpha Police"), a_service("Beta Police")
    answered(cards_of(operation, one)[:7])
    answered(cards_of(operation, two)[:5])
    found = rules.said_by_service(feedback.shown_of([operation.id]))
    assert {said.service: said.persons for said in found.values()} == {"Alpha Police": 6, "Beta Police": 0}
    assert rules.in_all(found.values()).persons == 6


def test_the_file_holds_no_time_no_code_and_no_count_that_is_not_shown_yet(app):
    operation, service = an_operation(), a_service()
    codes = cards_of(operation, service)
    before = db.session.query(FeedbackPending).one().counts_sealed
    answered(codes[:1], respect="no")
    after = db.session.query(FeedbackPending).one().counts_sealed
    assert before != after and b"respect" not in after and abs(len(before) - len(after)) < 3
    assert {row.shown for row in db.session.query(FeedbackCount)} == {0}
    marks = [mark for (mark,) in db.session.query(FeedbackCode.mark)]
    assert not {*marks} & {*codes} and len(marks) == 9 and feedback.code_mark(codes[0]) not in marks
    for table in (FeedbackCode, FeedbackPending, FeedbackCount):
        assert not [name for name in table.__table__.c.keys() if name.endswith(("_at", "_on", "_by_id"))]  # noqa: SIM118 - columns, not a dict


# --- the four questions -----------------------------------------------------------------------------------------------


def sent(client: Any, code: str, address: str = "/say", **fields: str) -> Any:
    answer = client.post(address, data={"code": code, **fields})
    assert "Set-Cookie" not in answer.headers and answer.headers["Cache-Control"] == "no-store"
    return answer


def page_of(answer: Any, code: str) -> str:
    """The page without the code that was typed, which comes back with it."""
    return answer.text.replace(code, "CODE")


def test_four_taps_after_the_code_and_the_answers_are_never_in_an_address(client):
    operation, service = an_operation(), a_service()
    codes = cards_of(operation, service)
    for code in codes[:6]:
        given: dict[str, str] = {}
        page = sent(client, rules.shown_code(code).lower())
        for question in rules.QUESTIONS:
            assert page.status_code == 200 and f'name="{question.code}" value="skip"' in page.text
            assert 'action="/say" method="post"' in page.text and "csrf_token" not in page.text
            given[question.code] = "skip" if question.code == "free" else question.answers[0][0]
            page = sent(client, code, **given)
        assert rules.HELP_NUMBER in page.text and code not in page.text
    assert shown(operation)["free", "skip"] == shown(operation)["safer", "safer"] == 6


def test_a_wrong_a_used_and_a_fresh_code_get_the_same_bytes_at_every_step(client):
    operation, service = an_operation(), a_service()
    used, fresh = cards_of(operation, service)[:2]
    answered([used])
    never = next(code for code in rules.make_codes(3) if code not in (used, fresh))
    steps = [dict(itertools.islice(GOOD.items(), number)) for number in range(5)]
    pages = [[page_of(sent(client, code, **step), code) for step in steps] for code in (never, used, fresh)]
    assert pages[0] == pages[1] == pages[2]
    assert db.session.query(FeedbackCode).count() == 8


def test_a_mistyped_code_is_said_so_kept_and_asked_again_in_french_too(client):
    for address, words in (("/say", "Type the code again as it is"), ("/dire", "Tapez le code à nouveau, comme")):
        answer = sent(client, "K7QM-4R2X", address)
        assert answer.status_code == 422 and words in answer.text and 'value="K7QM-4R2X"' in answer.text
    assert "Comment ça s’est passé?" in client.get("/dire").text
    assert 'lang="fr"' in client.get("/qr", headers={"Accept-Language": "fr-CA"}).text
    assert 'action="/say"' in client.get("/qr", headers={"Accept-Language": "de"}).text


def test_one_goes_back_and_turns_language_and_night_without_losing_an_answer(client):
    code = rules.make_codes(1)[0]
    back = sent(client, code, respect="yes", understood="no", back="1")
    assert 'name="understood" value="no"><span' in back.text and 'name="respect" value="yes">' in back.text
    french = sent(client, code, "/dire", respect="yes", begun="1", theme="night", turn="night")
    assert 'class="night"' in french.text and "Avez-vous compris" in french.text and "2 sur 4" in french.text
    for typed in ("half a co", rules.shown_code(code)):
        same = sent(client, typed, turn="night")
        assert same.status_code == 200 and f'value="{typed}"' in same.text and 'name="respect"' not in same.text


def test_who_is_signed_in_is_nobody_here_and_leaves_no_trace(app, signed_in):
    operation, service = an_operation(), a_service()
    code = cards_of(operation, service)[0]
    client = signed_in(a_user(Role.ADMINISTRATOR))
    with writing():  # old enough to be touched by any other page
        db.session.query(SessionRecord).one().seen_at -= dt.timedelta(minutes=5)
    seen, entries = db.session.query(SessionRecord).one().seen_at, db.session.query(AuditEntry).count()
    with client.session_transaction() as session:
        session["_flashes"] = [("message", "kept for a page of the house")]
    for answer in (client.get("/say"), sent(client, code), sent(client, code, **GOOD)):
        assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")
        assert "Person " not in answer.text and "kept for a page" not in answer.text
    assert db.session.query(SessionRecord).one().seen_at == seen and db.session.query(AuditEntry).count() == entries
    assert db.session.query(SignInFailure).count() == 0


def test_an_address_that_sends_too_much_is_told_to_wait_whatever_it_sends(client):
    wrong = rules.make_codes(1)[0]
    for _ in range(Unstored.MOST):
        assert sent(client, wrong, **GOOD).status_code == 200
    busy = sent(client, wrong, **GOOD)
    assert busy.status_code == 429 and 'name="safer" value="safer"' in busy.text
    elsewhere = client.post("/say", data={"code": wrong, **GOOD}, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 200


# --- cards and results ------------------------------------------------------------------------------------------------


def test_a_sheet_of_cards_is_one_grey_page_in_both_languages_with_the_code_behind_the_hash(app):
    codes = rules.make_codes(10)
    with app.test_request_context("/"):
        made = feedback_cards.sheets_of(codes, "https://a-very-long-name-of-a-site.outreach.example.org")
        reader = PdfReader(io.BytesIO(feedback_cards.pdf(codes, "https://outreach.example.org")))
    (picture,) = sheets.pictures("cards", made, {}, title="Cards", language="en", dots=40)
    assert is_grey(picture) and len(reader.pages) == 1
    text = reader.pages[0].extract_text().replace("\N{ZERO WIDTH SPACE}", "").replace("\N{NON-BREAKING HYPHEN}", "-")
    for words in ("outreach.example.org/say", "outreach.example.org/dire", "How did we treat you?", rules.HELP_NUMBER):
        assert text.count(words) == 10, words
    assert {rules.shown_code(code) for code in codes} <= {*re.findall(r"\w{3}-\w{3}-\w{3}", text)}


def test_cards_are_printed_by_form_and_never_lie_in_a_cache(app, signed_in):
    operation, service = an_operation(), a_service()
    a_participation(operation, service)
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, service))
    address = f"/operations/{operation.code}/services/{service.id}/cards"
    page = client.get(address)
    assert page.status_code == 200
    for typed in ("", "x", "0", "9999"):
        answer = client.post(address, data={"sheets": typed, "csrf_token": token_of(page)})
        assert answer.status_code == 422 and "Error:" in answer.text
    answer = client.post(address, data={"sheets": "1", "csrf_token": token_of(page)})
    assert answer.data.startswith(b"%PDF") and answer.headers["Cache-Control"] == "no-store"
    assert db.session.query(FeedbackCode).count() == 10


def test_results_stand_with_the_figures_for_coordinators_each_service_for_its_own(app, signed_in):
    operation, one, two = an_operation(), a_service("Alpha Police"), a_service("Beta Police")
    for service in (one, two):
        a_participation(operation, service)
    answered(cards_of(operation, one)[:6], safer="less_safe")
    answered(cards_of(operation, two)[:3])
    address = f"/operations/{operation.code}/figures"
    page = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=operation)).get(address).text
    assert "What persons said" in page and "Not yet six answers: Beta Police" in page and page.count("In all</th>") == 4
    page = signed_in(a_user(Role.SERVICE_COORDINATOR, one)).get(address).text
    assert (
        "What persons said" in page and "Beta Police" not in page.split("What persons said")[1].split("</section>")[0]
    )
    for user in (a_user(Role.FIELD_OFFICER, one), a_user(Role.COMMANDER, operation=operation)):
        assert "What persons said" not in signed_in(user).get(address).text
    with app.test_request_context("/"):
        from flask import g

        from outreach.storage.queries import access

        g.actor = ANYBODY
        assert feedback_views.said_of(operation, access.operation_target(operation)) is None
