"""What an operator gets wrong is said in a sentence that names the setting."""

from pydantic import SecretStr

from bot.__main__ import main
from bot.settings import Settings


def test_nonsense_in_a_setting_is_taken_or_refused_in_a_sentence(settings, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)  # A folder of that name is a folder.
    monkeypatch.setenv("NUANXIN_VAR", str(settings.var))
    monkeypatch.setenv("NUANXIN_DATABASE_URL", settings.database)
    for name in Settings.model_fields.keys() - {"var"}:
        with monkeypatch.context() as wrong:
            wrong.setenv(f"NUANXIN_{name.upper()}", "@@ nonsense")
            status = main(["vault", "check"])
        said = capsys.readouterr().err
        assert status in (0, 2)
        assert "nonsense" not in said or Settings.model_fields[name].annotation is not SecretStr
        assert (f"NUANXIN_{name.upper()}" in said) == (status == 2)
