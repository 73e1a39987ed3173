"""Fourteen books of fairy tales, 7.6M characters (Project Gutenberg). Public domain.

Whole books are held out, not slices: the Grey Fairy Book validates, the other thirteen train.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from genai.data.about import About
from genai.data.base import Text, fetch, missing, read_text
from genai.data.tokenizer import CharTokenizer
from genai.errors import UserError

SPLITS = ("train", "val")
ABOUT = About(kind="text")
HELD_OUT = "the-grey-fairy-book-6746"
HOME = "https://www.gutenberg.org/cache/epub/{number}/pg{number}.txt"

# Gutenberg renews its headers and credits now and then, so the checksum is over the story: the letters a-z, lower
# case, from a phrase near the start on, so many of them. (file name, phrase, letters, first 16 digits of SHA-256)
BOOKS = [
    ("english-fairy-tales-7439", "ethatoverbakedthecrustsw", 228968, "575ed49daa1f05da"),
    ("grimms-fairy-tales-2591", "earditallandsaidwellfrie", 372634, "ca9265ce2ccc8f57"),
    ("the-blue-fairy-book-503", "ustbefullofquicksilverit", 529925, "8efa22f1acd49b71"),
    ("the-brown-fairy-book-3282", "utionandthenallmerciless", 368615, "74387fd88b5f8a67"),
    ("the-crimson-fairy-book-2435", "kingmeanstosendthemeacha", 367281, "0be8d23857056f68"),
    ("the-green-fairy-book-7277", "itellaheldhermantlemorec", 465077, "288aab5f8813167f"),
    ("the-grey-fairy-book-6746", "erfingerandfellintothedo", 370547, "d63653453e12b660"),
    ("the-lilac-fairy-book-3454", "dthethingshewascarryingd", 371590, "eef829211b74970c"),
    ("the-olive-fairy-book-27826", "henthesultanbeheldthebal", 360431, "62ad0823dc62ea35"),
    ("the-orange-fairy-book-3027", "eirstorieswiththemintoca", 382767, "76726220c0dbc880"),
    ("the-pink-fairy-book-5615", "llthatboxistoosmallforhi", 368021, "9f27c37c335320d1"),
    ("the-red-fairy-book-540", "ngbeforethedukeofbeloeil", 470118, "8ec748792e7bd160"),
    ("the-violet-fairy-book-641", "whitepillowsshesawabeaut", 383604, "d18fea60e0b5850c"),
    ("the-yellow-fairy-book-640", "dhertothekingthekingaske", 424442, "9457f4b871b88df9"),
]


def load(split: str, root: Path) -> Text:
    """The books one after another, in name order; the alphabet is that of all fourteen."""
    folder = root / "text" / "fairytales"
    texts = {}
    for name, *_ in BOOKS:
        path = folder / f"{name}.txt"
        if not path.exists():
            _download(name, path)
        texts[name] = read_text("tales", path, HOME.format(number=name.rsplit("-", 1)[1]))
    tokenizer = CharTokenizer("".join(texts.values()))
    part = "\n\n".join(text for name, text in texts.items() if (name == HELD_OUT) == (split == "val"))
    return Text(tokenizer.compact(part), tokenizer)


def story_checksum(text: str, phrase: str, letters: int) -> str:
    """First 16 digits of the SHA-256 of a book's story (see BOOKS); "" where the phrase does not occur."""
    plain = re.sub(r"[^a-z]", "", text.lower())
    start = plain.find(phrase)
    return hashlib.sha256(plain[start : start + letters].encode()).hexdigest()[:16] if start >= 0 else ""


def strip_header(text: str) -> str:
    """A Gutenberg file without the licence before `*** START` and after `*** END`."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    found = re.search(r"\*\*\* ?START OF.*?\*\*\*\n(.*?)\*\*\* ?END OF", text, flags=re.DOTALL)
    return (found.group(1) if found else text).strip() + "\n"


def _download(name: str, path: Path) -> None:
    number = name.rsplit("-", 1)[1]
    _, phrase, letters, checksum = next(book for book in BOOKS if book[0] == name)
    raw = path.with_suffix(".download")
    try:
        fetch(HOME.format(number=number), raw)
        text = strip_header(raw.read_text(encoding="utf-8"))
        if story_checksum(text, phrase, letters) != checksum:
            raise UserError("data_changed", dataset="tales", home=HOME.format(number=number), place=str(path))
        raw.write_text(text, encoding="utf-8")
        raw.replace(path)
    except UserError:
        raise
    except (RuntimeError, OSError) as error:
        raise missing("tales", path, HOME.format(number=number), error) from error
    finally:
        raw.unlink(missing_ok=True)
