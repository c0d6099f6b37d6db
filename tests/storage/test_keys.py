"""Sealed text opens where it was sealed and nowhere else."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.errors import KeyMissing
from outreach.storage.keys import Keys, Place, load_keys

KEYS = Keys({1: b"k" * 32})
HERE = Place("contact_version", "note_sealed", "0a", service=3, operation=4)


@given(st.text(max_size=300))
def test_what_was_sealed_opens_in_its_place(text):
    assert KEYS.open(KEYS.seal(text, HERE), HERE) == text


@given(st.data())
def test_no_altered_bit_no_cut_and_no_other_place_ever_opens(data):
    sealed = KEYS.seal("met at the café", HERE)
    kind = data.draw(st.sampled_from(["flip", "cut", "move"]))
    if kind == "flip":
        at, bit = data.draw(st.integers(0, len(sealed) - 1)), data.draw(st.integers(0, 7))
        sealed = sealed[:at] + bytes([sealed[at] ^ (1 << bit)]) + sealed[at + 1 :]
        place = HERE
    elif kind == "cut":
        sealed, place = sealed[: data.draw(st.integers(0, len(sealed) - 1))], HERE
    else:
        place = data.draw(
            st.sampled_from(
                [
                    Place("referral", "note_sealed", "0a", 3, 4),
                    Place("contact_version", "other", "0a", 3, 4),
                    Place("contact_version", "note_sealed", "0b", 3, 4),
                    Place("contact_version", "note_sealed", "0a", 5, 4),
                    Place("contact_version", "note_sealed", "0a", 3, 5),
                ]
            )
        )
    with pytest.raises(KeyMissing):
        KEYS.open(sealed, place)


def test_an_older_key_still_opens_what_it_sealed():
    old = Keys({1: b"a" * 32})
    both = Keys({1: b"a" * 32, 2: b"b" * 32})
    assert both.open(old.seal("x", HERE), HERE) == "x"
    with pytest.raises(KeyMissing):
        old.open(both.seal("x", HERE), HERE)


def test_a_mark_is_the_same_for_the_same_code_and_differs_between_trees_and_sites():
    assert KEYS.mark("K7QM4R2X", "tree/1") == KEYS.mark("K7QM4R2X", "tree/1")
    assert KEYS.mark("K7QM4R2X", "tree/1") != KEYS.mark("K7QM4R2X", "tree/2")
    assert KEYS.mark("K7QM4R2X", "tree/1") != Keys({1: b"z" * 32}).mark("K7QM4R2X", "tree/1")


def test_the_key_file_is_private_and_made_once(tmp_path):
    first = load_keys(tmp_path / "keys")
    mode = stat.S_IMODE(os.stat(tmp_path / "keys" / "keys.json").st_mode)
    assert mode == 0o600
    assert load_keys(tmp_path / "keys").open(first.seal("x", HERE), HERE) == "x"
