"""What is withheld is enough: nothing small can be worked out, from one release or from several."""

from __future__ import annotations

from random import Random

import pytest

from outreach.rollup.attack import attack
from outreach.rollup.protection import Policy, Why
from outreach.rollup.suppression import protect

from .test_attack import _table


@pytest.mark.parametrize("seed", range(3))
def test_no_small_number_of_a_table_can_be_told(seed: int) -> None:
    random = Random(seed)
    true = _table([[random.choice([0, 0, 1, 2, 3, 5, 6, 7, 9, 12]) for _ in range(4)] for _ in range(4)])
    told = protect(true, Policy())
    assert attack([told]).safe
    assert all(key in told.hidden for key, number in true.items() if 1 <= number < 6)
    assert all(why is Why.SMALL or true[key] >= 6 for key, why in told.hidden.items())
