"""The server's workers share the connections that browsers keep."""

from outreach.server import has_more


def test_a_worker_leaves_a_connection_to_one_that_has_fewer():
    assert has_more(3, [3, 2])
    assert not has_more(2, [3, 2])


def test_a_worker_alone_and_workers_that_have_the_same_take_what_comes():
    assert not has_more(5, [5])
    assert not has_more(0, [0, 0])
