"""Secrets from the environment: `openai-key` is read from `ONTOS_SECRET_OPENAI_KEY`."""

import os
import re


class LocalSecrets:
    def get(self, name: str) -> str | None:
        return os.environ.get(variable(name))


def variable(name: str) -> str:
    """The environment variable that holds the secret."""
    return "ONTOS_SECRET_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
