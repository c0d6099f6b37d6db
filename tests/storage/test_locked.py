"""A published release and a publication copy that left stay as they are; a draft does not."""

import pytest
from sqlalchemy import delete, update

from outreach.storage import db, writing
from outreach.storage.tables import PublicationCopy, Release, ReleaseFile
from outreach.storage.tables.locked import Locked
from outreach.storage.types import utc_now
from outreach.vocab import ReleaseState
from tests.factories import an_operation
from tests.returns.factories import a_locked_version


@pytest.fixture
def release(app):
    with writing():
        found = a_locked_version(an_operation("OP-OUT"))
        row = Release(
            operation_id=found.operation_id,
            number=1,
            kind="release",
            state="draft",
            figure_set_id=found.id,
            made_at=utc_now(),
        )
        db.session.add(row)
        db.session.flush()
        db.session.add(ReleaseFile(release_id=row.id, name="a.csv", media="text/csv", size=1, hash="", content=b"a"))
        left = {"operation_id": found.operation_id, "figure_set_id": found.id, "taken_at": utc_now()}
        db.session.add(PublicationCopy(**left, cells=[["charges", None, None, None, "small"]], hash="f" * 64))
    return row


def test_a_draft_changes_until_it_is_published_and_never_after(release):
    with writing():
        release.texts = {"en": "one"}
    with writing():
        release.state, release.hash = ReleaseState.PUBLISHED, "f" * 64
    with pytest.raises(Locked, match="not changed"), writing():
        release.texts = {"en": "two"}
    assert db.session.query(Release).one().texts == {"en": "one"}


@pytest.mark.parametrize("table", [Release, ReleaseFile, PublicationCopy])
def test_no_statement_changes_a_release_or_one_of_its_files(release, table):
    for statement in (update(table).values(hash="x"), delete(table)):
        with pytest.raises(Locked), writing():
            db.session.execute(statement)


def test_a_file_of_a_release_is_neither_changed_nor_deleted(release):
    file = db.session.query(ReleaseFile).one()
    with pytest.raises(Locked, match="not changed"), writing():
        file.content = b"b"
    with pytest.raises(Locked, match="not deleted"), writing():
        db.session.delete(db.session.query(ReleaseFile).one())


def test_what_a_publication_copy_withheld_is_neither_changed_nor_deleted(release):
    row = db.session.query(PublicationCopy).one()
    with pytest.raises(Locked, match="not changed"), writing():
        row.cells = []
    with pytest.raises(Locked, match="not deleted"), writing():
        db.session.delete(db.session.query(PublicationCopy).one())
    assert db.session.query(PublicationCopy).one().cells[0][4] == "small"


def test_a_published_release_is_not_opened_again(release):
    with writing():
        release.state = ReleaseState.PUBLISHED
    with pytest.raises(Locked, match="not changed"), writing():
        release.state = ReleaseState.DRAFT
