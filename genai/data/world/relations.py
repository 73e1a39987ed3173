"""When a relation holds between things in a picture: the geometry that a judge goes by, and that places are chosen to satisfy.

Boxes are (left, top, right, bottom) in pixels, y downwards.
"""

from __future__ import annotations

from collections.abc import Sequence

Box = tuple[float, float, float, float]

NEAR = 24  # pixels of air at most between what is under a thing and that thing
HIDDEN = 0.12  # of the smaller one of two boxes, the share at least in which they overlap where one is in front


def holds(relation: str, a: Sequence[Box], b: Sequence[Box]) -> bool:
    """Whether the group with boxes `a` is `relation` that with boxes `b`. Apart: all of the one from all of the other.
    Touching, which is said of single things: any of the one and any of the other."""
    if relation == "with":
        return True
    if relation == "beside":
        return holds("left_of", a, b) or holds("left_of", b, a)
    if relation in ("right_of", "below", "behind"):
        return holds({"right_of": "left_of", "below": "above", "behind": "in_front_of"}[relation], b, a)
    if relation == "left_of":
        return max(box[2] for box in a) <= min(box[0] for box in b)
    if relation == "above":
        return max(box[3] for box in a) <= min(box[1] for box in b)
    touches = {"on": _on, "under": _under, "in_front_of": _in_front_of}[relation]
    return any(touches(one, other) for one in a for other in b)


def _on(a: Box, b: Box) -> bool:
    """a's foot is in b, above its lower part, and most of it is above b's middle."""
    within = b[0] <= _middle(a) <= b[2] and b[1] < a[3] <= b[1] + 0.7 * (b[3] - b[1])
    return within and a[1] + a[3] < b[1] + b[3]


def _under(a: Box, b: Box) -> bool:
    """a is in the same column, lower, and no lower than just beneath b or at its foot."""
    aligned = b[0] <= _middle(a) <= b[2] or a[0] <= _middle(b) <= a[2]
    return aligned and a[1] + a[3] > b[1] + b[3] and a[3] >= b[3] and a[1] <= b[3] + NEAR


def _in_front_of(a: Box, b: Box) -> bool:
    """a hides some of b, and stands further to the front, which is lower in a picture."""
    return a[3] > b[3] + 1 and overlap(a, b) >= HIDDEN


def overlap(a: Box, b: Box) -> float:
    """What two boxes share, of the smaller one's area."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return max(width, 0) * max(height, 0) / smaller


def _middle(box: Box) -> float:
    return (box[0] + box[2]) / 2
