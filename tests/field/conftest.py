"""The night that most tests of the field begin with; a file whose night is another one says so itself."""

from __future__ import annotations

import pytest

from outreach.storage import writing
from tests.field.factories import a_night
from tests.field.sealed import a_phone


@pytest.fixture
def night(app):
    with writing():
        return a_night()


@pytest.fixture
def officer(night, signed_in):
    return signed_in(night.officer)


@pytest.fixture
def phone(officer):
    """A phone of the night's officer."""
    return a_phone(officer)
