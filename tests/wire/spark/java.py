"""The Java half: whether it can run here, and its table provider, compiled once per content."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCES = sorted((Path(__file__).parent / "provider").glob("*.java"))
COMPILE_SECONDS = 120


def missing() -> str | None:
    """What real Spark needs and is not here; None where it can run."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        return "real Spark needs a JDK: apt-get install openjdk-17-jdk-headless"
    if importlib.util.find_spec("pyspark") is None:
        return "real Spark needs pyspark: pip install -r requirements-wire.txt"
    return None


def provider() -> Path:
    """The folder of compiled classes. It is named by what it was compiled from."""
    place = Path(tempfile.gettempdir()) / f"ontos-spark-{os.getuid()}" / _fingerprint()
    if not place.is_dir():
        _compile(place)
    return place


def jars() -> Path:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise LookupError("pyspark is not installed")
    return Path(spec.origin).parent / "jars"


def _fingerprint() -> str:
    known = hashlib.sha256(",".join(sorted(jar.name for jar in jars().iterdir())).encode())
    for source in SOURCES:
        known.update(source.read_bytes())
    return known.hexdigest()[:16]


def _compile(place: Path) -> None:
    """Into a folder beside, which then takes its name: two runs at once do no harm."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=place.parent))
    command = ["javac", "-proc:none", "-nowarn", "-encoding", "UTF-8", "-d", str(fresh)]
    command += ["-cp", f"{jars()}/*", *map(str, SOURCES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS)
    if done.returncode:
        shutil.rmtree(fresh)
        raise RuntimeError(f"The table provider does not compile:\n{done.stderr}")
    try:
        fresh.rename(place)
    except OSError:  # another run was first
        shutil.rmtree(fresh)
