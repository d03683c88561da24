"""Contradictions and repairs in sentences."""

from __future__ import annotations

from math import ceil, floor, log10

from models.infeasibility import Change, ConflictMember
from optimizer.conflict_members import Member
from optimizer.explain import money
from optimizer.wording import number, percent

DIGITS = 4  # significant, of an amount
STEP = 1e-3  # of a share
CLOSE = 1e-6  # of the scale: a rounder value so near is as good


def rounded(member: Member, theta: float) -> float | None:
    """The value that is told: beyond what is needed, to a figure that people say; None for a decision that is dropped."""
    if not member.way:
        return None
    value = member.at(theta)
    if member.whole:
        return float(ceil(value - CLOSE) if member.way > 0 else floor(value + CLOSE))
    if member.share:
        step = STEP
    else:
        size = max(abs(value), abs(member.value), 1e-9)
        step = 10.0 ** (floor(log10(size)) - DIGITS + 1)
    steps = value / step
    near = round(steps)
    if abs(near - steps) * step > CLOSE * member.scale:
        near = ceil(steps) if member.way > 0 else floor(steps)
    told = round(near * step, max(0, 1 - floor(log10(step))))
    return max(0.0, min(told, 1.0)) if member.share else max(0.0, told)


def member_of(member: Member) -> ConflictMember:
    """A member of a contradiction."""
    return ConflictMember(path=member.path, text=member.text)


def conflict_sentence(members: list[Member]) -> str:
    """What can't hold together."""
    texts = list(dict.fromkeys(x.text for x in members))
    if len(texts) == 1:
        return f"This can't be kept, whatever is signed: {texts[0]}"
    return f"These can't hold together: {' '.join(f'({i}) {text}' for i, text in enumerate(texts, 1))}"


def change_of(member: Member, theta: float, after: float | None, currency: str) -> Change:
    """A change of a repair."""
    if not member.way:
        return Change(path=member.path, text=f"drop {member.label}: {member.text}", unit="", before=None, after=None, needed=None, price=theta)
    verb = "raise" if member.way > 0 else "lower"
    assert after is not None
    before, now = _told(member, member.value, currency), _told(member, after, currency)
    return Change(
        path=member.path,
        text=f"{verb} {member.label} from {before} to {now}",
        unit=member.unit,
        before=member.value,
        after=after,
        needed=member.at(theta),
        price=theta,
    )


def _told(member: Member, value: float, currency: str) -> str:
    if member.share:
        return percent(value)
    if member.unit == currency:
        return money(value, currency) if abs(value) >= 1e6 else f"{currency} {number(value)}"
    return f"{number(value)} {member.unit}".rstrip()


def repair_sentence(changes: list[Change], objective: float | None, currency: str) -> str:
    """A repair, and what the best plan then costs."""
    texts = [x.text.rstrip(".") for x in changes]
    said = texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
    said = f"{said[:1].upper()}{said[1:]}."
    return said if objective is None else f"{said} The best plan then costs {money(objective, currency)}, risk included."
