"""How a scenario is to be solved. What is not given is taken from the scenario's `solve` table."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document


class SolveSettings(Document):
    """The `solve` table of a scenario; every field can be overridden for one run (`models.options.override`)."""

    gap: Annotated[float, Field(ge=0, le=0.5)] = 1e-4
    """Relative optimality gap at which the search may stop; 0 asks for a proof of optimality."""
    time_limit_seconds: Annotated[float, Field(gt=0, le=14_400)] = 600.0
    """Limit on the whole run, baselines included."""
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 1
    """The solver's random seed."""
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    """How many models may be solved side by side. Never changes the answer."""
    baselines: bool = True
    """Also optimise the three baselines (spot only, the average future's plan, perfect foresight)."""
    method: Literal["auto", "extensive", "decomposition"] = "auto"
    """How the futures are searched: in one problem (`extensive`), taken apart (`decomposition`), or as suits (`auto`); the plan says which and why."""
    detail: Literal["auto", "nodes", "summary"] = "auto"
    """Rows per node in the plan: `auto` leaves them out beyond 200,000 rows."""
    out_of_sample: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """How many fresh futures, not used to choose the plan, it is tried on; null = 2,000 where futures are generated and none where they are given."""
    replications: Annotated[int, Field(ge=0, le=100)] = 0
    """How many times to solve again on independent samples, to say how far the plan may be from the best there is; 0 = not."""
    replication_futures: Annotated[int, Field(ge=2, le=20_000)] | None = None
    """Futures of each replication; null = as many as the plan is made for."""
    rolling: Annotated[int, Field(ge=0, le=2_000)] = 0
    """On how many futures to re-plan period by period with only what is then known; 0 = not. Takes a solve per future and period."""
    stability: Annotated[int, Field(ge=0, le=100)] = 0
    """How many other draws of as many, half, a quarter and an eighth of the futures to solve, to see whether the award stays the same; 0 = not."""
    max_nonzeros: Annotated[int, Field(ge=1_000, le=200_000_000)] = 20_000_000
    """Refuse, before building, a scenario whose model is estimated to have more nonzeros than this (ten times this where futures are taken apart)."""


def override(settings: SolveSettings, **changes: object) -> SolveSettings:
    """`settings` with the given fields replaced and checked; a change of None keeps the old value."""
    kept = {key: value for key, value in changes.items() if value is not None}
    return SolveSettings.model_validate({**settings.model_dump(), **kept})
