"""Questions that mean the same, put together."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from knowledge.search.space import Space
from knowledge.search.text import clean

NEAR = 0.6  # cosine, centred on the phrasings, from which two questions mean the same
ALIKE = 65.0  # rapidfuzz ratio from which they are worded the same


def group(texts: Sequence[str], space: Space | None) -> list[list[int]]:
    """Groups of indexes, in the order of their first members: each text joins the group whose first it is near to.

    With a space it is near in meaning, without one in wording.
    """
    cleaned = [clean(text) for text in texts]
    if not cleaned:
        return []
    if space is None:
        near = process.cdist(cleaned, cleaned, scorer=fuzz.ratio) >= ALIKE
    else:
        vectors = space.embed(cleaned)
        near = vectors @ vectors.T >= NEAR
    groups: list[list[int]] = []
    for at in range(len(cleaned)):
        known = next((each for each in groups if near[each[0], at]), None)
        if known is None:
            groups.append([at])
        else:
            known.append(at)
    return groups
