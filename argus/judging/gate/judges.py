"""Which backbone judges: one whose features no rival was trained or selected by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bench:
    """The judge that decides, and the one that has to agree, if there is another.

    `because` says in words why these, and of a missing witness why there is none.
    """

    judge: str
    witness: str | None
    because: str

    @property
    def all(self) -> tuple[str, ...]:
        """The judge, and the witness if there is one."""
        return (self.judge,) if self.witness is None else (self.judge, self.witness)


def bench(judges: Sequence[str], seen: Mapping[str, Collection[str]]) -> Bench | None:
    """The first judge that no rival has seen, and the next one such; None if there is none.

    A model that is trained against some features comes to look right by them without looking
    right: a discriminator that looks through a judge's own features halved the distance by that
    judge, and left it as it was by another.

    Args:
        judges: in order of preference, `evaluate.judges` in params.yaml.
        seen: the backbones that trained or selected each rival, by model.
    """
    unseen = [judge for judge in judges if not any(judge in each for each in seen.values())]
    if not unseen:
        return None
    passed = [judge for judge in judges if judge not in unseen]
    because = "no rival has seen its features"
    if passed:
        named = "; ".join(
            f"{judge} was seen by {', '.join(sorted(n for n in seen if judge in seen[n]))}"
            for judge in passed
        )
        because += f" ({named})"
    if len(unseen) == 1:
        because += "; no second judge is left to agree with it"
    return Bench(unseen[0], unseen[1] if len(unseen) > 1 else None, because)


def none_left(judges: Sequence[str], seen: Mapping[str, Collection[str]]) -> str:
    """What to say, and to do, where every judge has been seen."""
    named = "; ".join(
        f"{judge} by {', '.join(sorted(n for n in seen if judge in seen[n]))}" for judge in judges
    )
    return (
        f"no judge is left that no rival has seen ({named}): add another backbone to "
        "evaluate.judges in params.yaml"
    )
