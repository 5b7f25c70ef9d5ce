"""How the requests to an endpoint are shared among versions: the same rules wherever it is served.

A share is a whole percent; those of an endpoint sum to 100. A version with none is loaded all the
same.
"""

from collections.abc import Mapping

MOST_VERSIONS = 2
"""So many versions are loaded behind one endpoint: each costs memory, or compute of its own."""


def leading(shares: Mapping[str, int]) -> str | None:
    """The version with the largest share, the first of equals."""
    return max(shares, key=lambda version: shares[version], default=None)


def answering(shares: Mapping[str, int]) -> dict[str, int]:
    """Without the versions that get no requests."""
    return {version: share for version, share in shares.items() if share}


def alone(shares: Mapping[str, int]) -> str | None:
    """The version that answers everything; None where there are several, or none."""
    return next(iter(shared)) if len(shared := answering(shares)) == 1 else None


def with_former(shares: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """The version that gives way stays, without requests: going back to it loads nothing."""
    former = leading({version: share for version, share in before.items() if version not in shares})
    stays = former is not None and len(shares) < MOST_VERSIONS
    return {**shares, **({former: 0} if stays and former else {})}
