"""Debian's packages, where the tests run as root and need one."""

import os
import shutil
import subprocess

SECONDS = 900


def runs(*command: str) -> bool:
    """Whether the command ends well."""
    try:
        return (
            subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def install(package: str) -> bool:
    """Install a package; False where that cannot be done here."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    runs("apt-get", "update", "-qq")
    return runs("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)
