"""Settings as an operator gives them: by the environment, or by files that containers and systemd hand out."""

import pytest

from bot.__main__ import main
from bot.settings import Settings


def test_a_setting_may_stand_in_a_file_and_what_is_said_itself_comes_first(tmp_path, monkeypatch):
    (tmp_path / "phone").write_text("024-12345\n", encoding="utf-8")
    monkeypatch.setenv("NUANXIN_OPERATOR_PHONE_FILE", str(tmp_path / "phone"))
    assert Settings(_env_file=None).operator_phone == "024-12345"
    monkeypatch.setenv("NUANXIN_OPERATOR_PHONE", "12345")
    assert Settings(_env_file=None).operator_phone == "12345"


def test_the_file_env_may_name_such_a_file_too(tmp_path):
    (tmp_path / "phone").write_text("024-12345", encoding="utf-8")
    (tmp_path / ".env").write_text(f"NUANXIN_OPERATOR_PHONE_FILE={tmp_path / 'phone'}\n", encoding="utf-8")
    assert Settings(_env_file=tmp_path / ".env").operator_phone == "024-12345"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named_with_its_setting(tmp_path, monkeypatch, capsys, content):
    file = tmp_path / "vault_key"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("NUANXIN_VAULT_KEY_FILE", str(file))
    assert main(["vault", "check"]) == 2
    assert "NUANXIN_VAULT_KEY_FILE" in capsys.readouterr().err


def test_a_secret_in_a_file_is_held_to_the_same_rules(tmp_path, monkeypatch, capsys):
    (tmp_path / "secret").write_text("short", encoding="utf-8")
    monkeypatch.setenv("NUANXIN_SECRET_KEY_FILE", str(tmp_path / "secret"))
    assert main(["vault", "check"]) == 2
    said = capsys.readouterr().err
    assert "NUANXIN_SECRET_KEY" in said
    assert "short" not in said
