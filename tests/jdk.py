"""Finds a JDK for real Spark: one that is there, else Debian's as root.

python -m tests.jdk              # prints what was found; exit status 1 in CI when none
"""

import os
import shutil
import sys

from tests.debian import install

PACKAGES = ("openjdk-17-jdk-headless", "default-jdk-headless")
"""The second is a newer one, where Debian has no 17 any more."""


def find() -> str | None:
    """The path of the compiler, beside which Java itself is."""
    return shutil.which("javac") if shutil.which("java") else None


def main() -> int:
    found = find() or (any(map(install, PACKAGES)) and find())
    print(f"JDK for real Spark: {found or 'none can be had here, so that layer is skipped'}")
    return 1 if not found and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
