"""What every test stands on. Fixtures of one room belong in that room's conftest."""

from tests.network import close_outside_network

close_outside_network()
