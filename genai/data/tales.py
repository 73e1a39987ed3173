"""Fourteen books of fairy tales, 7.6M characters (Project Gutenberg).

From: HOME; kept without the licence around them, as `<root>/text/fairytales/<name>.txt`.
Checksum: of each file, in BOOKS. Gutenberg renews its headers and credits now and then, so what comes from there is known
by its story (the letters a-z, lower case, from a phrase near the start on, so many of them), and then vouched for as it is.
Splits: whole books are held out, not slices: the Grey Fairy Book is `val`, the other thirteen train.
Licence: public domain.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from genai.data.about import About
from genai.data.base import Text
from genai.data.files import Source, read_text, sha256, write_noise
from genai.data.tokenizer import CharTokenizer

SPLITS = ("train", "val")
ABOUT = About(kind="text", held_out="val")
HELD_OUT = "the-grey-fairy-book-6746"
HOME = "https://www.gutenberg.org/cache/epub/{number}/pg{number}.txt"

# (file name, its checksum; and of its story: a phrase near the start, letters from there on, their checksum)
BOOKS = [
    ("english-fairy-tales-7439", "a87f0cfc88abbd10", "ethatoverbakedthecrustsw", 228968, "575ed49daa1f05da"),
    ("grimms-fairy-tales-2591", "a3e6ce469bed8107", "earditallandsaidwellfrie", 372634, "ca9265ce2ccc8f57"),
    ("the-blue-fairy-book-503", "0af25632657ab7af", "ustbefullofquicksilverit", 529925, "8efa22f1acd49b71"),
    ("the-brown-fairy-book-3282", "69aa3ca3f43eee49", "utionandthenallmerciless", 368615, "74387fd88b5f8a67"),
    ("the-crimson-fairy-book-2435", "fcffb24bf431529b", "kingmeanstosendthemeacha", 367281, "0be8d23857056f68"),
    ("the-green-fairy-book-7277", "c298cad82c22ca17", "itellaheldhermantlemorec", 465077, "288aab5f8813167f"),
    ("the-grey-fairy-book-6746", "3c8caf1f456f2cb7", "erfingerandfellintothedo", 370547, "d63653453e12b660"),
    ("the-lilac-fairy-book-3454", "4c0eef7bae0f5023", "dthethingshewascarryingd", 371590, "eef829211b74970c"),
    ("the-olive-fairy-book-27826", "393b21355e107a2c", "henthesultanbeheldthebal", 360431, "62ad0823dc62ea35"),
    ("the-orange-fairy-book-3027", "2068d789ce2bbfb2", "eirstorieswiththemintoca", 382767, "76726220c0dbc880"),
    ("the-pink-fairy-book-5615", "7a24c632da55dbfe", "llthatboxistoosmallforhi", 368021, "9f27c37c335320d1"),
    ("the-red-fairy-book-540", "779ff854e2e22337", "ngbeforethedukeofbeloeil", 470118, "8ec748792e7bd160"),
    ("the-violet-fairy-book-641", "ccf294da2d03c692", "whitepillowsshesawabeaut", 383604, "d18fea60e0b5850c"),
    ("the-yellow-fairy-book-640", "e4eec656168fafa0", "dhertothekingthekingaske", 424442, "9457f4b871b88df9"),
]


def load(split: str, root: Path) -> Text:
    """The books one after another, in name order; the alphabet is that of all fourteen."""
    texts = {name: read_text(source(root, name)) for name, *_ in BOOKS}
    tokenizer = CharTokenizer("".join(texts.values()))
    part = "\n\n".join(text for name, text in texts.items() if (name == HELD_OUT) == (split == "val"))
    return Text(tokenizer.compact(part), tokenizer)


def stand_in(root: Path) -> None:
    """As many books, of characters at random."""
    for name, *_ in BOOKS:
        write_noise(source(root, name).path, 20_000)


def source(root: Path, name: str) -> Source:
    known, phrase, letters, story = next(book[1:] for book in BOOKS if book[0] == name)
    home = HOME.format(number=name.rsplit("-", 1)[1])
    return Source(
        "tales", root / "text" / "fairytales" / f"{name}.txt", (home,), known, unpack=strip_header,
        digest=partial(story_checksum, phrase=phrase, letters=letters), expected=story,
    )  # fmt: skip


def story_checksum(text: bytes, phrase: str, letters: int) -> str:
    """Of a book's story (see BOOKS); "" where the phrase does not occur."""
    plain = re.sub(rb"[^a-z]", b"", text.lower())
    start = plain.find(phrase.encode())
    return sha256(plain[start : start + letters]) if start >= 0 else ""


def strip_header(raw: bytes) -> bytes:
    """A Gutenberg file without the licence before `*** START` and after `*** END`, in UTF-8."""
    text = raw.decode("utf-8").replace("\r\n", "\n").removeprefix("\ufeff")
    found = re.search(r"\*\*\* ?START OF.*?\*\*\*\n(.*?)\*\*\* ?END OF", text, flags=re.DOTALL)
    return ((found.group(1) if found else text).strip() + "\n").encode()
