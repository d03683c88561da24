"""How often somebody may ask."""

from __future__ import annotations

from api.quota import MOST, Quota


def test_a_bucket_fills_again() -> None:
    """Who waited as long as was said would be refused again, or the buckets of callers long gone would fill the memory."""
    clock = [0.0]
    quota = Quota(60, lambda: clock[0])
    assert [quota.take("a") for _ in range(61)] == [0] * 60 + [1]
    clock[0] += 1.0
    assert [quota.take("a"), quota.take("a"), quota.take("b")] == [0, 1, 0]
    clock[0] += 1e6
    for i in range(MOST + 10):
        quota.take(f"address {i}")
    assert len(quota._buckets) <= MOST + 1
