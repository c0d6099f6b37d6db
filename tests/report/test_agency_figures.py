"""An agency's own figures: for its liaisons and its lead, for nobody else."""

from __future__ import annotations

import pytest

from outreach.storage import db, writing
from outreach.storage.queries import referrals
from outreach.storage.tables import Operation, ReferralVersion
from outreach.storage.types import utc_now
from outreach.vocab import Role, ServiceKind
from tests import factories as site
from tests.conftest import same_page
from tests.report.followed import a_referral
from tests.report.test_followed import cells


@pytest.fixture
def houses(app):
    """Dove House: four referrals from police, of which one was given back and is Elm House's now, and two direct."""
    operation = site.an_operation("ONS-1")
    police = site.a_service("Windsor Police")
    dove, elm = (site.a_service(name, ServiceKind.VICTIM_SERVICES) for name in ("Dove House", "Elm House"))
    a_referral(operation, police, dove, 4, outcomes=("school", "work"), found="with_agency", hours=1)
    a_referral(operation, police, dove, 2, found="", hours=3)
    a_referral(operation, police, dove, 1)
    given = a_referral(operation, police, dove, 2, hours=5)
    now = utc_now()
    with writing():
        referrals.supersede(referrals.current(given.id), now)
        referrals.add_version(
            ReferralVersion(referral_id=given.id, version=9, state="made", agency_id=elm.id, recorded_at=now)
        )
    a_referral(operation, dove, dove, 3, origin="direct")
    a_referral(None, dove, dove, 4, origin="direct", outcomes=("school",))
    return dove, elm


@pytest.mark.parametrize("role", [Role.LIAISON, Role.SERVICE_COORDINATOR])
def test_the_agency_sees_all_that_came_to_it_and_what_it_did(houses, signed_in, role):
    dove, elm = houses
    page = signed_in(site.a_user(role, dove)).get(f"/agencies/{dove.id}/figures")
    assert page.status_code == 200
    whole = cells(page, "months")[-1]
    assert whole[:6] == ["In all", "4", "3", "3", "1", "1"], "came, picked up, hours (1, 3, 5), reached, engaged"
    assert whole[6:] == ["1 of 2 due", "–", "–", "1", "2", "3"]
    assert cells(page, "outcomes") == [["Back in school or training", "2"], ["Found work", "1"]]
    other = signed_in(site.a_user(role, elm)).get(f"/agencies/{elm.id}/figures")
    assert cells(other, "months")[-1][:6] == ["In all", "1", "0", "–", "0", "0"], "Dove House’s pick-up is not its own"
    assert "Figures of your agency" in signed_in(site.a_user(role, dove)).get(f"/agencies/{dove.id}").text


def test_it_exists_for_nobody_else(houses, signed_in):
    dove, elm = houses
    operation = db.session.query(Operation).one()
    police = db.session.query(site.Service).filter_by(name="Windsor Police").one()
    readers = [site.a_user(Role.LIAISON, elm), site.a_user(Role.SERVICE_COORDINATOR, police),
               site.a_user(Role.COMMANDER), site.a_user(Role.FIELD_OFFICER, police),
               site.a_user(Role.OPERATION_COORDINATOR, operation=operation),
               site.a_user(Role.ANALYST), site.a_user(Role.ADMINISTRATOR)]  # fmt: skip
    for reader in readers:
        client = signed_in(reader)
        foreign, none = client.get(f"/agencies/{dove.id}/figures"), client.get("/agencies/999999/figures")
        assert foreign.status_code == none.status_code == 404
        assert same_page(foreign) == same_page(none)


def test_an_agency_to_which_nobody_came_reads_so(app, signed_in):
    agency = site.a_service("New House", ServiceKind.ADVOCACY)
    page = signed_in(site.a_user(Role.LIAISON, agency)).get(f"/agencies/{agency.id}/figures")
    assert "No referral has come yet." in page.text
