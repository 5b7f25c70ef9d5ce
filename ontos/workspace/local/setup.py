"""What the workbench needs of this machine."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ontos.kernel.errors import NotFound, OntosError
from ontos.workspace.local.llm import LlmSettings
from ontos.workspace.local.models import LocalModels
from ontos.workspace.protocols import Finding

LEAST_FREE = 1_000_000_000
"""Bytes of disk below which training and uploads are likely to fail."""


@dataclass(frozen=True)
class LocalSetup:
    home: Path
    models: LocalModels
    settings: LlmSettings

    def findings(self) -> list[Finding]:
        return [self._store(), self._disk(), self._registry(), self._llm()]

    def make(self, key: str) -> None:
        raise NotFound(f"key: {key} cannot be made from here. Do what its remedy says.",
                       field="key")  # fmt: skip

    def _store(self) -> Finding:
        if os.access(self.home, os.W_OK):
            return Finding("store", "Store", "ready", f"{self.home}")
        return Finding("store", "Store", "missing", f"{self.home} cannot be written.",
                       f"chmod u+w {self.home}, or set ONTOS_HOME to another folder.")  # fmt: skip

    def _disk(self) -> Finding:
        free = shutil.disk_usage(self.home).free
        found = f"{free / 1e9:,.1f} GB free"
        if free >= LEAST_FREE:
            return Finding("disk", "Disk", "ready", found)
        return Finding("disk", "Disk", "missing", found, "Make room, or move ONTOS_HOME.")

    def _registry(self) -> Finding:
        try:
            self.models.check()
            names = len(self.models.names())
        except OntosError as error:
            return Finding("models", "Model registry", "missing", error.detail,
                           "Restore mlflow.db from a backup.")  # fmt: skip
        found = f"{names:,} model{'s' if names > 1 else ''}"
        found = found if names else "Made by the first training"
        return Finding("models", "Model registry", "ready", found)

    def _llm(self) -> Finding:
        if self.settings.llm_base_url and self.settings.llm_model:
            found = f"{self.settings.llm_model} at {self.settings.llm_base_url}"
            return Finding("llm", "Generation", "ready", found)
        return Finding("llm", "Generation", "optional", "No model generates responses.",
                       "Set ONTOS_LLM_BASE_URL and ONTOS_LLM_MODEL, to generate.")  # fmt: skip
