"""Making a referral in storage: its first version, and the way to reach the person under seal."""

import datetime as dt

import pytest

from outreach.errors import KeyMissing
from outreach.storage import db, writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import referrals
from outreach.storage.tables import SafeContact
from outreach.storage.types import utc_now
from outreach.vocab import ServiceKind
from tests.factories import a_service, an_operation

DAY = dt.date(2017, 10, 11)


def refer(operation, service, agency, safe_way=""):
    now = utc_now()
    with writing():
        return referrals.add_referral(
            operation.id,
            service.id,
            None,
            None,
            DAY,
            now,
            agency.id,
            ["health"],
            True,
            "safe_phone",
            safe_way,
            None,
            now,
        )


@pytest.mark.any_database
def test_a_new_referral_is_made_and_its_safe_way_is_readable_only_in_its_place(app):
    operation, service, agency = an_operation(), a_service(), a_service(kind=ServiceKind.ADVOCACY)
    referral = refer(operation, service, agency, "519 555 0123")
    version = referrals.current(referral.id)
    assert (version.state, version.version, version.needs, version.urgent) == ("made", 1, ["health"], True)
    contact = db.session.get(SafeContact, referral.id)
    assert b"555" not in contact.way_sealed
    assert referrals.open_safe_way(referral, contact) == "519 555 0123"
    with pytest.raises(KeyMissing):
        site_keys().open(contact.way_sealed, referrals.safe_way_place(referral, agency.id + 1))


def test_without_a_safe_way_nothing_is_sealed(app):
    referral = refer(an_operation(), a_service(), a_service(kind=ServiceKind.ADVOCACY))
    assert referrals.safe_contact(referral.id) is None
