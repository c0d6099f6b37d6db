"""Closing: what is wrong with a service and which comes first; reminders; what the pages show, refuse and keep."""

import csv
import datetime as dt
import io
import json

import pytest

from outreach.errors import Invalid, NotAllowed
from outreach.returns import close_commands as commands
from outreach.returns import close_rules as rules
from outreach.returns import set_rules
from outreach.rollup.checks import Check, Severity
from outreach.rollup.completeness import Came, Timeliness
from outreach.rollup.units import UNDATED
from outreach.storage import db, writing
from outreach.storage.queries import access, close_out, operations
from outreach.storage.tables import AuditEntry, FigureSet, ParticipationVersion, ReturnFile, ReturnReminder, SignOff
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import EntryMode, ReturnState, Role, SignState
from outreach.web import mail
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.returns.test_set_commands import World

CONTRADICTION = Check("x", Severity.PROBLEM, "It cannot be.", {}, {"service": 1})
DIFFERENCE = Check(
    "totals_beside_records", Severity.QUESTION, "They differ.", {}, {"service": 1, "measure": "contacts"}
)
SEVEN = rules.Days(7, 7)


@pytest.mark.parametrize(
    ("facts", "rank"),
    [
        (rules.Facts(SignState.SIGNED, 1, SEVEN, checks=(CONTRADICTION,), unsent=3), "differs"),
        (rules.Facts(SignState.SIGNED, 1, SEVEN, moved=(("persons_met", 17, 18),)), "differs"),
        (rules.Facts(SignState.OPEN, days=rules.Days(5, 7, 0, (17449, 17450)), unsent=1), "overdue"),
        (rules.Facts(SignState.REOPENED, 2, SEVEN, moved=(("persons_met", 17, 18),), held=1), "reopened"),
        (rules.Facts(SignState.REOPENED, 2, SEVEN), "reopened"),
        (rules.Facts(SignState.SIGNED, 1, SEVEN, unsent=2, phones=1), "unsent"),
        (rules.Facts(SignState.OPEN, days=SEVEN, held=2), "unsent"),
        (rules.Facts(SignState.OPEN, days=SEVEN, returns=("taken", "faulty")), "returned"),
        (rules.Facts(SignState.PROVISIONAL, 1, SEVEN), "provisional"),
        (rules.Facts(SignState.OPEN, days=SEVEN), "open"),
        (rules.Facts(SignState.NOTHING, heard=False), "open"),
        (rules.Facts(SignState.SIGNED, 1, SEVEN), "signed"),
    ],
)
def test_the_worst_of_a_service_decides_where_it_stands(facts, rank):
    found = rules.lacks(facts)
    assert rules.rank_of(found, facts.sign) == rank
    assert bool(found) == (rank != "signed")
    assert [list(rules.RANKS).index(lack.rank) for lack in found] == sorted(
        list(rules.RANKS).index(lack.rank) for lack in found
    )


def test_days_come_from_when_they_were_heard_and_an_explained_difference_is_none():
    came = (Came.ON_TIME, Came.LATE, Came.MISSING, Came.WAITING)
    times = [Timeliness(1, day, how) for day, how in enumerate(came)] + [Timeliness(1, UNDATED, Came.MISSING)]
    assert rules.days_of(times) == rules.Days(2, 4, 1, (2,))
    assert rules.contradictions([CONTRADICTION, DIFFERENCE]) == {1: [CONTRADICTION, DIFFERENCE]}
    assert rules.contradictions([DIFFERENCE], frozenset({("contacts", 1)})) == {}
    assert rules.moved({"charges": 2, "days": {}}, {"charges": 3, "contacts": 1}) == (("charges", 2, 3),)


def test_a_figure_that_moved_appeared_or_went_is_told_from_one_that_is_the_same():
    before = [["a", None, None, 1, "exact", None, 1, 1], ["b", None, None, None, "unknown", None, 0, 1]]
    after = [["a", None, None, 2, "exact", None, 1, 1], ["b", None, None, 0, "exact", None, 1, 1], ["c", 1, None, 4]]
    found = {one.key[0]: (one.state, set_rules.by_how_much(one)) for one in set_rules.compared(before, after)}
    assert found == {"a": ("changed", 1), "b": ("appeared", None), "c": ("appeared", None)}
    back = {one.key[0]: one.state for one in set_rules.compared(after, before)}
    assert back == {"a": "changed", "b": "gone", "c": "gone"}
    same = set_rules.compared(before, [[*before[0][:4], "at_least", None, 1, 1], before[1]])
    assert [one.state for one in same] == ["trust", "not_known"]


@pytest.fixture
def world(app):
    return World()


def reminded(world, ids, **more):
    return commands.queue_reminders(world.actor, operations.by_code("OP-LOCK"), ids, **more)


def test_bytes_that_came_a_second_time_leave_nothing_to_do(world):
    """Dropped again, a file that was taken is no return that could not be read."""
    part = world.parts[0]

    def came(number, state, code=""):
        refused = {"code": code} if code else {}
        file = ReturnFile(
            drop_uid=new_uid(),
            operation_id=world.operation.id,
            participation_id=part.id,
            name="return.xlsx",
            how="drop",
            received_at=utc_now() + dt.timedelta(seconds=number),
            size=1,
            hash=str(number),
            state=state.value,
            refused=refused,
        )
        with writing():
            db.session.add(file)

    came(1, ReturnState.TAKEN)
    for number, code in enumerate(("taken_already", "here_already"), 2):
        came(number, ReturnState.REFUSED, code)
    assert close_out.returns_waiting(world.operation.id) == {}
    came(4, ReturnState.REFUSED, "damaged")
    assert [state for state, _, _ in close_out.returns_waiting(world.operation.id)[part.id]] == ["refused"]


@pytest.mark.any_database
def test_a_service_is_reminded_once_within_the_hour_unless_it_is_asked_for(world):
    ids = [part.service_id for part in world.parts]
    with writing():
        version = db.session.query(ParticipationVersion).filter_by(participation_id=world.parts[0].id).one()
        version.desk = "desk@fox.example.org"
    batch, ready, left_out = reminded(world, ids[:1])
    assert (len(ready), left_out) == (1, 0) and ready[0].token and ready[0].rank == "overdue"
    assert reminded(world, ids)[2] == 1  # the other one has no address: its letter failed, and is no reminder
    with pytest.raises(Invalid) as refused:
        reminded(world, ids[:1])
    assert [finding.where for finding in refused.value.findings] == ["again"]
    assert len(reminded(world, ids[:1], again=True)[1]) == 1
    with pytest.raises(Invalid) as refused:
        reminded(world, [999_999])
    assert [finding.where for finding in refused.value.findings] == ["service"]
    with pytest.raises(NotAllowed):
        commands.queue_reminders(access.actor_of(a_user(Role.COMMANDER)), world.operation, ids)
    commands.note_posted(ready[0].reminder, "")
    lines = commands.close_out(operations.by_code("OP-LOCK")).lines
    assert commands.batch_of(lines, batch).sent == 1
    letters = db.session.query(ReturnReminder).order_by(ReturnReminder.id).all()
    assert [(one.outcome, one.trouble) for one in letters] == [("sent", ""), ("failed", "address"), ("waiting", "")]
    entries = db.session.query(AuditEntry).filter_by(tag="returns.reminder.send").all()
    assert [entry.details["letters"] for entry in entries] == [1, 0, 1]


def test_the_page_puts_the_worst_first_filters_sorts_and_says_what_is_missing(world, signed_in, post):
    one, two = world.parts
    for day in (10, 11):
        world.tell(one, 3, day)
    world.sign(one)
    with writing():
        db.session.query(SignOff).one().figures = {"persons_met": 6}
        db.session.add(
            ReturnFile(operation_id=one.operation_id, participation_id=two.id, how="drop", received_at=utc_now(),
                       size=1, hash="0", state=ReturnState.FAULTY.value)
        )  # fmt: skip
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    page = client.get("/operations/OP-LOCK/close-out").text
    assert page.index("Quarry Town Police") < page.index("Fox River Police")
    assert (
        "of 2 signed" in page and "Not received: Tue 10, Wed 11" in page and "A return with rows to fix waits." in page
    )
    assert "Take provisional figures: 1 of 2" in page and "No mail server is set up" in page
    assert "Quarry Town" not in client.get("/operations/OP-LOCK/close-out?state=signed").text
    by_name = client.get("/operations/OP-LOCK/close-out?sort=name&state=nonsense&batch=x").text
    assert "Quarry Town" not in by_name  # a state that there is not: no row, and no error
    asked = client.get("/operations/OP-LOCK/close-out?sort=name").text
    assert asked.index("Fox River Police") < asked.index("Quarry Town Police")
    answer = post(client, "/operations/OP-LOCK/close-out/letters", {})
    assert answer.status_code == 422 and "Tick the services first." in answer.text
    letters = post(client, "/operations/OP-LOCK/close-out/letters", {"service": str(two.service_id)})
    assert "Les chiffres de certains de vos jours" in letters.text and "/r/" in letters.text
    assert letters.headers["Cache-Control"] == "no-store"
    assert "persons_met" not in letters.text and "2017-10-1" not in letters.text
    noted = post(client, "/operations/OP-LOCK/close-out/reminded", {"service": str(two.service_id), "again": "y"})
    assert noted.status_code == 303 and "1 reminder, last" in client.get(noted.location).text


def test_reminders_leave_by_mail_and_the_page_says_what_became_of_them(world, signed_in, post, app, monkeypatch):
    sent = []
    monkeypatch.setattr(mail, "configured", lambda _settings: True)
    monkeypatch.setattr(mail, "post", lambda _app, letters, note: sent.extend(letters))
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    two = world.parts[1]
    with writing():
        version = db.session.query(ParticipationVersion).filter_by(participation_id=two.id).one()
        version.desk = "desk@quarry.example.org"
    ids = [str(part.service_id) for part in world.parts]
    answer = post(client, "/operations/OP-LOCK/close-out/remind", {"service": ids})
    assert answer.status_code == 303
    (letter,) = sent
    assert letter.to == "desk@quarry.example.org" and "Your figures / Vos chiffres" in letter.subject
    assert "being closed" in letter.text and "On clôt" in letter.text
    assert "1 of 2 letters have left" in client.get(answer.location).text
    commands.note_posted(letter.key, "refused")
    page = client.get(answer.location).text
    assert "the mail server refused this address" in page and page.count(" checked") == 2


def test_figures_are_locked_compared_and_downloaded(world, signed_in, post):
    one, two = world.parts
    world.tell(one, 3)
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    assert "Nothing is locked yet." in client.get("/operations/OP-LOCK/versions").text
    url = "/operations/OP-LOCK/lock"
    page = client.get(url).text
    assert "2 signatures are missing" in page and 'name="kind" type="hidden" value="provisional"' in page
    refused = post(client, url, {"kind": "signed", "after": "0", "reason": ""})
    assert refused.status_code == 422 and "0 of 2 services have signed" in refused.text
    refused = post(client, url, {"kind": "provisional", "after": "0", "reason": " "})
    assert refused.status_code == 422 and "Say why provisional figures are taken" in refused.text
    made = post(client, url, {"kind": "provisional", "after": "0", "reason": "The release is <today>"})
    assert made.status_code == 303 and made.location.endswith("/versions/1")
    shown = client.get(made.location).text
    assert "0 of 2 signed" in shown and "The release is &lt;today&gt;" in shown and "Provisional" in shown
    again = post(client, url, {"kind": "provisional", "after": "1", "reason": "Twice"})
    assert (
        again.status_code == 409
        and "Nothing has changed since version 1." in again.text
        and "Twice</textarea>" in again.text
    )
    world.tell(one, 5), world.tell(two, 1)
    late = post(client, url, {"kind": "provisional", "after": "0", "reason": "From an old page"})
    assert late.status_code == 409 and "Version 1 was locked meanwhile" in late.text
    assert "changed since version 1" in client.get("/operations/OP-LOCK/close-out").text
    compare = "/operations/OP-LOCK/versions/compare"
    page = client.get(f"{compare}?from=1&to=now").text
    assert "Persons met" in page and "+3" in page
    assert "Quarry Town Police" in client.get(f"{compare}?from=1&to=now&by=service").text
    listed = list(csv.reader(io.StringIO(client.get(f"{compare}?from=1&to=now&format=csv").data.decode("utf-8-sig"))))
    (met,) = (line for line in listed if line[1] == "persons_met")
    assert [met[n] for n in (0, 3, 4, 5, 7)] == ["Persons met", "3", "3 (partial, 1 of 2 services)", "6", "Changed"]
    for asked, words in (
        ("9", "There is no version 9."),
        ("gestern", "nor a moment"),
        ("2999-01-01", "a moment that has passed"),
    ):
        answer = client.get(f"{compare}?from={asked}&to=now")
        assert answer.status_code == 422 and words in answer.text and f'value="{asked}"' in answer.text
    before = (utc_now() - dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ")
    assert "New" in client.get(f"{compare}?from={before}&to=1").text
    export = json.loads(client.get("/operations/OP-LOCK/versions/1/figures.json").data)
    assert set_rules.hash_of(export["locked"]) == export["hash"] == db.session.query(FigureSet).one().hash
    commander = signed_in(a_user(Role.COMMANDER, operation=world.operation))
    assert "Persons met" in commander.get("/operations/OP-LOCK/versions/1?by=service").text
    assert "Referrals reached" not in commander.get("/operations/OP-LOCK/versions/1").text
    assert commander.get("/operations/OP-LOCK/close-out").status_code == 403


def test_an_operation_in_which_nobody_takes_part_and_a_rehearsal_say_so(app, signed_in):
    an_operation("OP-EMPTY")
    rehearsal = an_operation("OP-PLAY", is_rehearsal=True)
    a_participation(rehearsal, a_service(), entry_mode=EntryMode.DAILY_TOTALS)
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    assert "No service takes part yet." in client.get("/operations/OP-EMPTY/close-out").text
    for page in ("close-out", "lock"):
        assert "This is a rehearsal" in client.get(f"/operations/OP-PLAY/{page}").text
