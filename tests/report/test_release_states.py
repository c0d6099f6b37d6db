"""Random histories of a release against a model of ten lines: it is published exactly when two persons approved the
same content since it was last sent, and never moves again."""

import random

import pytest

from outreach.errors import Problem
from outreach.report import release_approval_commands as approving
from outreach.report import release_commands as commands
from outreach.report import release_work as work
from outreach.storage.queries import releases as rows
from tests.report.releases import World

WHO = ("coordinator", "second", "commander", "analyst")
STEPS = ["send"] * 3 + ["approve"] * 5 + ["edit", "take_back", "refuse", "check", "drop"]


class Model:
    """What has to come of each step."""

    def __init__(self):
        self.state, self.approved = "draft", set()

    def done(self, step, who):
        """Whether the step is let through, and what stands afterwards."""
        drafts, approves = who in ("coordinator", "second"), who != "analyst"
        gone = self.state in ("published", "dropped")
        if step == "approve" and who in self.approved and self.state in ("sent", "published"):
            return True
        if step == "drop" and self.state == "dropped":
            return drafts
        if gone or not (approves if step in ("approve", "take_back", "refuse") else drafts):
            return False
        if step in ("approve", "take_back", "refuse") and self.state != "sent":
            return False
        if step == "edit":
            self.state, self.approved = "draft", set()
        elif step == "send" and self.state == "draft":
            self.state, self.approved = "sent", set()
        elif step == "approve":
            self.approved.add(who)
            self.state = "published" if len(self.approved) == 2 else "sent"
        elif step == "take_back":
            self.approved.discard(who)
        elif step == "refuse":
            self.state, self.approved = "draft", set()
        elif step == "drop":
            self.state = "dropped"
        return True


@pytest.fixture
def world(app):
    made = World()
    made.sign()
    made.lock()
    return made


def take(world, row, step, who, number):
    actor = world.people[who]
    if step == "edit":
        title = {"title": "Title " + "a" * number}
        commands.edit(actor, row, {lang: {**row.texts[lang], **title} for lang in ("en", "fr")})
    elif step == "refuse":
        approving.refuse(actor, row, "For the test")
    else:
        name = {"send": "send", "approve": "approve", "take_back": "take_back", "check": "weigh_again", "drop": "drop"}
        getattr(approving if step in ("approve", "take_back") else commands, name[step])(actor, row)


@pytest.mark.parametrize("seed", [1, 2, 4, 5])
def test_any_order_of_steps_publishes_only_what_two_persons_approved(world, seed, monkeypatch):
    chance, model = random.Random(seed), Model()
    paper = {"name": "en.html", "language": "en", "media": "text/html", "size": 1, "hash": "0" * 64, "content": b"a"}
    monkeypatch.setattr(work, "papers_of", lambda row, _f, _o, at: work.Papers(row.content_hash, at, [dict(paper)]))
    number = world.draft().number
    frozen = None
    for count in range(30):
        step, who = chance.choice(STEPS if count > 12 else STEPS[:-1]), chance.choice(WHO)
        row = world.row(number)
        try:
            take(world, row, step, who, count + 1)
            let = True
        except Problem:
            let = False
        assert let == model.done(step, who), (seed, count, step, who)
        row = world.row(number)
        assert row.state == model.state, (seed, count, step, who)
        if row.state == "published":
            shape = (row.hash, row.content_hash, str(row.texts), str(row.cells), row.published_at)
            assert frozen in (None, shape) and len(rows.files_of(row.id)) == 1
            frozen = shape
            last = [one.by_id for one in rows.steps_of(row.id) if one.what == "approved" and one.content_hash]
            assert len(set(last[-2:])) == 2
    assert world.journal().count("release.publish") == (model.state == "published")
