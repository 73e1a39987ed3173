"""Data sets: found, fetched or refused with a message that helps; read as they are meant."""

from __future__ import annotations

import contextlib
import email.message
import io
import random
import socket

import numpy as np
import pytest
import torch
import torchvision
from conftest import draw_digits, write_mnist, write_play
from PIL import Image

from genai.data import DATASETS, data_root, folder, load_dataset, tales
from genai.data.base import LazyImages
from genai.data.tokenizer import CharTokenizer
from genai.errors import UserError


@contextlib.contextmanager
def refused(code: str, *words: str):
    """The block ends in a UserError of that code, whose message names all the words."""
    with pytest.raises(UserError) as caught:
        yield
    assert caught.value.code == code
    for word in words:
        assert word in str(caught.value)


# -- names and places ----------------------------------------------------------------------------------------


def test_unknown_data_set_or_split_names_the_choices(data_root):
    with refused("unknown_dataset", "cifar", *DATASETS):
        load_dataset("cifar", "train", data_root)
    for name, module in DATASETS.items():
        with refused("unknown_split", "holdout", name, *module.SPLITS):
            load_dataset(name, "holdout", data_root)


def test_data_root_comes_from_argument_then_environment_then_default(monkeypatch):
    assert data_root().name == "data"
    monkeypatch.setenv("GENAI_DATA", "/somewhere/else")
    assert str(data_root()) == "/somewhere/else"
    assert str(data_root("/here")) == "/here"


@pytest.mark.parametrize(
    "name, home", [("mnist", "ossci"), ("shakespeare", "githubusercontent"), ("tales", "gutenberg")]
)
def test_no_data_and_no_network(name: str, home: str, tmp_path, monkeypatch):
    """One error that names both ways: the network, and the place to put the files by hand."""

    def offline(*args, **kwargs):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(torch.hub, "urlopen", offline)
    monkeypatch.setattr(torchvision.datasets.utils.urllib.request, "urlopen", offline)
    with refused("data_missing", name, str(tmp_path), home, "network", "--data_root", "GENAI_DATA"):
        load_dataset(name, DATASETS[name].SPLITS[0], tmp_path)
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert not left, "a failed download leaves nothing behind"


def test_wrong_download_is_refused(tmp_path, monkeypatch):
    """Another text at the known address: the checksum says no, and nothing stays."""

    class Page(io.BytesIO):
        def info(self):
            return email.message.Message()

    monkeypatch.setattr(torch.hub, "urlopen", lambda *a, **k: Page(b"not what was asked for"))
    with refused("data_missing", "shakespeare", "hash"):
        load_dataset("shakespeare", "train", tmp_path)
    with refused("data_changed", "tales", "gutenberg"):
        load_dataset("tales", "train", tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


# -- mnist ---------------------------------------------------------------------------------------------------


def test_mnist_is_found_in_the_data_root(data_root):
    for split, count, seed in (("train", 400, 1), ("test", 100, 2)):
        data = load_dataset("mnist", split, data_root)
        drawn, labels = draw_digits(count, seed)
        assert data.images.dtype == torch.uint8 and data.shape == (1, 28, 28) and len(data) == count
        assert torch.equal(data.images[:, 0], torch.from_numpy(drawn))
        assert data.labels.dtype == torch.int64 and data.labels.tolist() == labels.tolist()
        assert data.classes == [str(d) for d in range(10)]


def test_the_drawn_digits_are_digits():
    """Deterministic, all different, and alike enough to be told by their nearest neighbour."""
    images, labels = draw_digits(300, 1)
    again, _ = draw_digits(300, 1)
    assert np.array_equal(images, again)
    assert len(np.unique(images.reshape(300, -1), axis=0)) == 300
    flat = torch.from_numpy(images).float().flatten(1)
    distance = torch.cdist(flat, flat).fill_diagonal_(torch.inf)
    nearest = labels[distance.argmin(1).numpy()]
    assert (nearest == labels).mean() > 0.8


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
@pytest.mark.parametrize("length", [0, 3, 10, 100])
def test_damaged_mnist(name: str, length: int, tmp_path):
    write_mnist(tmp_path, 200, 10)
    path = tmp_path / "MNIST" / "raw" / name
    path.write_bytes(path.read_bytes()[:length])
    with refused("data_missing", "mnist", str(path.parent)):
        load_dataset("mnist", "train", tmp_path)


# -- text ----------------------------------------------------------------------------------------------------


def test_shakespeare_is_cut_at_nine_tenths(data_root):
    text = (data_root / "text" / "tinyshakespeare.txt").read_text()
    train, val = (load_dataset("shakespeare", split, data_root) for split in ("train", "val"))
    assert train.ids.dtype == torch.uint8
    assert train.tokenizer.alphabet == val.tokenizer.alphabet == "".join(sorted(set(text)))
    assert train.tokenizer.decode(train.ids) + val.tokenizer.decode(val.ids) == text
    assert len(train) == int(0.9 * len(text))


def test_text_with_a_large_alphabet(tmp_path):
    """More characters than a byte can name: none may be taken for another."""
    path = tmp_path / "text" / "tinyshakespeare.txt"
    write_play(path, lines=2)
    text = path.read_text() + "".join(chr(0x4E00 + i) for i in range(400))
    path.write_text(text, encoding="utf-8")
    data = load_dataset("shakespeare", "val", tmp_path)
    assert data.tokenizer.decode(data.ids) == text[int(0.9 * len(text)) :]


def test_damaged_text(tmp_path):
    path = tmp_path / "text" / "tinyshakespeare.txt"
    path.parent.mkdir()
    path.write_bytes(b"ROMEO:\n\xff\xfe\x00")
    with refused("data_missing", "shakespeare", "utf-8"):
        load_dataset("shakespeare", "train", tmp_path)


def test_tokenizer():
    tokenizer = CharTokenizer("to be, or not\nto be 爱")
    assert len(tokenizer) == len(set("to be, or not\nto be 爱"))
    for text in ("", "not to be", "爱\n"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.encode("be").dtype == torch.int64 and tokenizer.encode("").shape == (0,)
    again = CharTokenizer.from_state(tokenizer.state())
    assert again.encode("or not").tolist() == tokenizer.encode("or not").tolist()
    assert tokenizer.unknown("xylophone, x") == ["x", "y", "l", "p", "h"]
    with refused("unknown_characters", "x y l", "爱"):
        tokenizer.encode("xylophone")


# -- fairy tales ---------------------------------------------------------------------------------------------


def a_book(rng: random.Random) -> str:
    words = ["once", "upon", "a", "time", "the", "fox", "saw", "seven", "ravens", "by", "Night"]
    return " ".join(rng.choices(words, k=400))


def test_story_checksum_is_over_the_letters():
    """Line ends, case, punctuation and what stands before and after do not count; a letter does."""
    story = "It was the giant's castle. " + a_book(random.Random(1))
    plain = "".join(c for c in story.lower() if c.isascii() and c.isalpha())
    phrase, letters = plain[:12], len(plain)
    checksum = tales.story_checksum(story, phrase, letters)
    assert len(checksum) == 16
    dressed = "Header 1892.\r\n" + story.upper().replace(" ", "\r\n") + "\r\n*** END ***"
    assert tales.story_checksum(dressed, phrase, letters) == checksum
    assert tales.story_checksum(story.replace("raven", "robin", 1), phrase, letters) != checksum
    assert tales.story_checksum(story, "nosuchphrase", letters) == ""


def test_strip_header():
    story = "The Fox\n\nOnce upon a time.\n"
    start, end = "*** START OF THE PROJECT GUTENBERG EBOOK THE FOX ***", "*** END OF THE PROJECT"
    wrapped = f"\ufeffLicence\r\n{start}\r\n\r\n{story}{end}"
    assert tales.strip_header(wrapped) == story
    assert tales.strip_header(story) == story
    assert tales.strip_header(tales.strip_header(wrapped)) == story


def test_whole_tales_are_held_out(tmp_path):
    """The grey book validates, the others train; one alphabet serves both."""
    texts = {name: a_book(random.Random(i)) + f"\n{i:02}" for i, (name, *_) in enumerate(tales.BOOKS)}
    for name, text in texts.items():
        path = tmp_path / "text" / "fairytales" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    train, val = (load_dataset("tales", split, tmp_path) for split in ("train", "val"))
    assert val.tokenizer.decode(val.ids) == texts[tales.HELD_OUT]
    read = train.tokenizer.decode(train.ids)
    assert all((text in read) == (name != tales.HELD_OUT) for name, text in texts.items())
    assert train.tokenizer.alphabet == val.tokenizer.alphabet


# -- a folder of images --------------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path):
    """cats/ and dogs/: colour, grey, transparent, 16 bits, animated, and a picture next to no class."""
    (tmp_path / "cats").mkdir()
    (tmp_path / "dogs" / "small").mkdir(parents=True)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "cats" / "red.png")
    Image.new("L", (30, 40), 128).save(tmp_path / "cats" / "grey.PNG")
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "dogs" / "clear.webp", lossless=True)
    Image.new("P", (20, 20), 3).save(tmp_path / "dogs" / "small" / "palette.gif")
    Image.new("CMYK", (20, 20), (0, 0, 0, 255)).save(tmp_path / "dogs" / "print.jpg")
    (tmp_path / "cats" / "notes.txt").write_text("not a picture")
    return tmp_path


def test_folder(pictures):
    data = load_dataset("folder", "train", pictures, image_size=16, channels=3)
    assert data.images.shape == (5, 3, 16, 16) and data.images.dtype == torch.uint8
    assert data.classes == ["cats", "dogs"] and data.labels.tolist() == [0, 0, 1, 1, 1]
    by_name = dict(zip(["grey", "red", "clear", "print", "palette"], data.images[:, :, 8, 8].tolist()))
    assert by_name["red"] == [255, 0, 0] and by_name["grey"] == [128] * 3
    assert by_name["clear"] == [255] * 3, "transparent pixels show white paper, not what hides below"
    assert max(by_name["print"]) < 10
    grey = load_dataset("folder", "train", pictures, image_size=16, channels=1)
    assert grey.images.shape == (5, 1, 16, 16)
    with refused("bad_choice", "channels", "1, 3"):
        load_dataset("folder", "train", pictures, channels=2)


def test_folder_without_subfolders_has_no_classes(tmp_path):
    for i in range(3):
        Image.new("L", (8, 8), 10 * i).save(tmp_path / f"{i}.png")
    data = load_dataset("folder", "train", tmp_path, image_size=8, channels=1)
    assert data.classes == [] and data.labels.tolist() == [0, 0, 0]
    assert data.images[:, 0, 0, 0].tolist() == [0, 10, 20]


def test_rotated_photographs_stand_upright(tmp_path):
    """EXIF orientation 6: the camera was turned, the picture's top lies at the file's left."""
    upright = Image.new("L", (32, 32), 0)
    upright.paste(255, (0, 0, 32, 16))  # white above, black below
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.rotate(90).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    pixels = folder.read_image(tmp_path / "turned.jpg", 32, 1)[0].float()
    assert pixels[:12].mean() > 240 and pixels[20:].mean() < 15


def test_deep_greys_keep_their_shades(tmp_path):
    values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(values).save(tmp_path / "deep.png")
    pixels = folder.read_image(tmp_path / "deep.png", 8, 1).flatten().int()
    assert (pixels - torch.linspace(0, 255, 64)).abs().max() <= 1.5


def test_crop_is_the_centre(tmp_path):
    wide = Image.new("L", (96, 32), 0)
    wide.paste(255, (32, 0, 64, 32))
    wide.save(tmp_path / "wide.png")
    assert folder.read_image(tmp_path / "wide.png", 32, 1).float().mean() > 250


def test_folder_without_images(tmp_path):
    (tmp_path / "readme.txt").write_text("nothing here")
    for place in (tmp_path, tmp_path / "missing"):
        with refused("folder_empty", str(place), ".png", ".jpg"):
            load_dataset("folder", "train", place)


@pytest.mark.parametrize("content", [b"", b"this is no picture", "truncated", "bomb"], ids=repr)
def test_unreadable_image_is_named(content, tmp_path, monkeypatch):
    path = tmp_path / "holiday.png"
    if content == "bomb":
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
        Image.new("L", (100, 100)).save(path)
    elif content == "truncated":
        Image.effect_noise((64, 64), 50).save(path)
        path.write_bytes(path.read_bytes()[:500])
    else:
        path.write_bytes(content)
    with refused("image_unreadable", "holiday.png"):
        load_dataset("folder", "train", tmp_path)


def test_too_many_images_stay_on_disk(pictures, monkeypatch):
    """The lazy form holds what the resident one holds, image by image."""
    whole = load_dataset("folder", "train", pictures, image_size=16)
    monkeypatch.setattr(folder, "RESIDENT_BYTES", 100)
    lazy = load_dataset("folder", "train", pictures, image_size=16)
    assert isinstance(lazy, LazyImages) and len(lazy) == len(whole) and lazy.shape == whole.shape
    assert lazy.classes == whole.classes and torch.equal(lazy.labels, whole.labels)
    for i in range(len(lazy)):
        image, label = lazy[i]
        assert torch.equal(image, whole.images[i]) and label == whole.labels[i]
