"""Settings argue: a wrong value names its variable; nothing can be changed once read."""

import pytest
from pydantic import ValidationError

from ontos.kernel.settings import Settings


def test_a_wrong_value_names_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTOS_JOB_WORKERS", "many")
    with pytest.raises(ValidationError, match="job_workers"):
        Settings()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().log_level = "DEBUG"  # type: ignore[misc]


def test_the_key_of_the_model_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTOS_LLM_API_KEY", "hush")
    assert "hush" not in repr(Settings()) and "hush" not in Settings().model_dump_json()
