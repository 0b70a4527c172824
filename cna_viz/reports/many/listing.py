"""The page that lists reports, a card for each: the gallery, or the index of a batch.

One file that asks the net for nothing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cna_viz.files import replace_files
from cna_viz.reports.many.cards import Card
from cna_viz.reports.many.jobs import FAILED, MADE
from cna_viz.reports.page.markdown import plain
from cna_viz.reports.page.provenance import versions
from cna_viz.reports.written import why_not_written


@dataclass(frozen=True)
class Listing:
    """What stands above the cards, and where the page is.

    Attributes:
        index: The page's file.
        name: What the page is, in a few words.
        title: Its heading, as HTML that needs no more escaping.
        text: What there is to see.
        command: The command that makes it again.
    """

    index: Path
    name: str
    title: str
    text: str
    command: str


def write_listing(listing: Listing, cards: Sequence[Card], note: str = "") -> None:
    """Write the page, whole or not at all.

    Args:
        listing: What stands above the cards.
        cards: The cards, in order.
        note: A sentence below them.

    Raises:
        OSError: It can't be written, or a page of somebody else is in its place.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cna_viz.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("listing.html.j2").render(
        listing=listing,
        plain_title=plain(listing.title),
        cards=cards,
        note=note,
        counts=_counts(cards),
        versions=versions(),
        nonce=secrets.token_urlsafe(16),
    )
    replace_files({listing.index: page}, why_not_written)


def _counts(cards: Sequence[Card]) -> str:
    """Say how many reports there are and how many of them are not what they should be."""
    failed = sum(card.status == FAILED for card in cards)
    missing = sum(card.status not in (MADE, FAILED) and not card.page for card in cards)
    parts = [f"{len(cards)} report{'s' * (len(cards) != 1)}"]
    parts += [f"{failed} failed"] * bool(failed) + [f"{missing} not made yet"] * bool(missing)
    return ", ".join(parts)
