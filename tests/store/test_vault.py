"""What is sealed can be read with its key and its purpose, and with nothing else."""

import stat

import pytest

from bot.store.vault import CannotOpen, Vault, kept, new_key


def ring(*numbers: int) -> Vault:
    return Vault({number: bytes([number]) * 32 for number in numbers}, b"secret")


def test_what_is_sealed_opens_again():
    vault = ring(1)
    assert vault.open(vault.seal("王师傅".encode(), "name"), "name").decode() == "王师傅"


def test_the_same_text_never_looks_the_same_twice():
    vault = ring(1)
    assert vault.seal(b"x", "name") != vault.seal(b"x", "name")


@pytest.mark.parametrize(
    "change", [lambda s: s[:-1], lambda s: s[:20] + b"?" + s[21:], lambda s: b"", lambda s: b"\x09" + s[1:]]
)
def test_changed_bytes_do_not_open(change):
    vault = ring(1)
    with pytest.raises(CannotOpen):
        vault.open(change(vault.seal(b"0123456789", "name")), "name")


def test_bytes_moved_to_another_column_do_not_open():
    vault = ring(1)
    with pytest.raises(CannotOpen):
        vault.open(vault.seal(b"x", "name"), "phone")


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens():
    old = ring(1).seal(b"x", "name")
    rotated = ring(2, 1)
    assert rotated.open(old, "name") == b"x"
    assert rotated.seal(b"x", "name")[0] == 2


def test_a_blind_index_tells_equal_from_different_and_nothing_else():
    vault = ring(1)
    assert vault.blind("138", "phone") == vault.blind("138", "phone")
    assert vault.blind("138", "phone") != vault.blind("139", "phone")
    assert vault.blind("138", "phone") != vault.blind("138", "chat")
    assert vault.blind("138", "phone") != Vault({1: b"1" * 32}, b"other").blind("138", "phone")


@pytest.mark.parametrize("text", ["", "1", "1:short", "x:" + "A" * 44, "0:" + "A" * 43 + "="])
def test_a_key_that_makes_no_sense_is_refused_without_showing_it(text):
    with pytest.raises(ValueError, match="NUANXIN_VAULT_KEY") as refused:
        Vault.parse(text, "secret")
    assert "AAAA" not in str(refused.value)


def test_a_made_key_is_kept_for_its_owner_only_and_found_again(tmp_path):
    path = tmp_path / "var" / "vault.key"
    first = kept(path, new_key())
    assert kept(path, new_key()) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Vault.parse(first, "secret")
    assert [each.name for each in path.parent.iterdir()] == ["vault.key"]
