"""What others printed of the same operation is known to whoever reads a release of it."""

from __future__ import annotations

import pytest

from outreach.report import release_rules
from outreach.report.elsewhere import printed_elsewhere
from outreach.storage.queries import releases as rows
from outreach.vocab import Qualifier
from tests.report.published import a_published_figure
from tests.report.releases import World


@pytest.fixture
def world(app) -> World:
    made = World(met={"Fox River Police": (30, 3), "Quarry Town Police": (20, 6), "Reed Town Police": (8, 0)})
    made.sign()
    made.lock()
    return made


def printed(world: World, measure: str, value: int, **more) -> None:
    source = " ".join(map(str, ("a paper of", measure, value, *more.values())))
    row = a_published_figure(operation=world.code, measure=measure, value=str(value), source=source, **more)
    assert row.operation_id == world.operation.id


def test_a_total_that_others_printed_is_not_withheld_to_protect_a_small_number(world):
    """9 charges in all, of services with 6, 3 and none: with the total withheld it is safe, with it known it is not."""
    row = world.draft(scope={"by_service": ("charges",)})
    assert row.verdict["safe"] and "charges" in str([cell for cell in row.cells if cell[1] is None and cell[3] is None])
    printed(world, "charges", 10)
    printed(world, "charges", 9, part="RCMP")
    printed(world, "charges", 9, qualifier=Qualifier.ABOUT.value)
    assert world.draft(scope={"by_service": ("charges",)}).verdict["safe"], "another number, a part, not exact"
    printed(world, "charges", 9)
    blocked = world.draft(scope={"by_service": ("charges",)})
    assert not blocked.verdict["safe"] and blocked.verdict["leave_out"] == [["by_service", "charges"]]
    assert all(leak["release"] == "" for leak in blocked.verdict["leaks"])


def test_only_the_very_numbers_of_the_version_are_taken(world):
    printed(world, "persons_met", 58)
    printed(world, "charges", 8)
    told = printed_elsewhere(world.operation.id, rows.set_of(world.draft()))
    assert told.elsewhere and set(told.true) <= {("persons_met", None, None)}


def test_the_public_hash_of_the_locked_figures_cannot_be_tried_until_it_fits(world):
    """It is of a document with a random mark, and that stands in nothing that leaves."""
    row = world.out(scope={"by_service": ("charges",)})
    found = rows.set_of(row)
    contents = b"".join(content for _, content in rows.contents_of(row.id))
    manifest = release_rules.manifest_of(row, [], found.hash)
    assert len(found.uid) == 36 and found.hash in str(manifest)
    assert found.uid not in str(manifest) and found.uid.encode() not in contents
