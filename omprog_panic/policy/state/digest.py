"""What the next digest will contain. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.digest import DailyDigest, DigestCause
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.notification.boots import UnannouncedBoot
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(slots=True)
class DigestState:
    """What has been collected since the last digest."""

    since: float | None = None  # wall
    day: int | None = None  # local day of the last digest
    sent_t: float | None = None  # of the last digest
    causes: dict[str, DigestCause] = dataclasses.field(default_factory=dict)
    more_causes: int = 0  # crashes of causes that are too many to be named
    boots: tuple[UnannouncedBoot, ...] = ()
    more_boots: int = 0
    suppressed: dict[str, int] = dataclasses.field(default_factory=dict)  # by service
    silenced: int = 0


def _encode(row: DigestState) -> Json:
    facts = DailyDigest(causes=tuple(row.causes.values()), boots=row.boots)
    encoded = FORMATS[Kind.DIGEST].encode(facts)
    return {
        "since": row.since,
        "day": row.day,
        "sent_t": row.sent_t,
        "fingerprints": list(row.causes),
        "causes": encoded["causes"],
        "more_causes": row.more_causes,
        "boots": encoded["boots"],
        "more_boots": row.more_boots,
        "suppressed": row.suppressed,
        "silenced": row.silenced,
    }


def _decode(raw: Json) -> DigestState:
    facts: DailyDigest = FORMATS[Kind.DIGEST].decode(Fields(raw))
    return DigestState(
        since=raw["since"],
        day=raw["day"],
        sent_t=raw["sent_t"],
        causes=dict(zip(raw["fingerprints"], facts.causes, strict=True)),
        more_causes=raw["more_causes"],
        boots=facts.boots,
        more_boots=raw["more_boots"],
        suppressed=raw["suppressed"],
        silenced=raw["silenced"],
    )


DIGEST = RowFormat("digest", _encode, _decode)
