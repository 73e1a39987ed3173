"""What a metric is given: the checkpoint, real data, the classifier, and the work that several metrics share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from genai.checkpoint import Meta, load_checkpoint, read_meta, weights_sha256
from genai.data import Images, load_dataset
from genai.data.tokenizer import CharTokenizer
from genai.data.words import WordTokenizer
from genai.device import pick_device
from genai.errors import UserError
from genai.generation.images import to_uint8
from genai.generation.noise import latents, sample_generator

CHUNK = 500  # images in one pass through a model
CLASSIFIER = "classifier-digits.safetensors"
SCENE_JUDGE = "judge-scenes.safetensors"
BINARISATION_SEED = 1_000_000  # beyond every image's index: those seed the posterior's noise


@dataclass(frozen=True)
class Metric:
    """An entry of METRICS: how to measure it, and the checkpoints it means something for."""

    measure: Callable[[Context], dict | list[dict]]
    families: tuple[str, ...]
    datasets: tuple[str, ...] | None = None  # None: whatever the checkpoint was trained on
    conditional: bool = False  # only for models that can be asked for a class

    def applies(self, meta: Meta) -> bool:
        return (
            meta.family in self.families
            and (self.datasets is None or meta.dataset in self.datasets)
            and (not self.conditional or bool(meta.config.get("classes", True)))
        )


@dataclass(frozen=True)
class Classified:
    """What the classifier makes of images: features float32 [n, F] and predicted classes int64 [n], on the CPU."""

    features: Tensor
    predicted: Tensor


class Context:
    """A checkpoint on the bench. Everything is loaded or computed when first asked for, once.

    Args: as `genai.metrics.measure`. Raises UserError for a broken checkpoint, an unknown device, n < 1.
    """

    def __init__(
        self,
        path: Path,
        *,
        n: int | None = None,
        root: str | Path | None = None,
        classifier: str | Path | None = None,
        device: str = "auto",
    ):
        self.path, self.root, self.n, self._classifier = path, root, n, classifier
        self.device = pick_device(device)
        self.model, self.meta = load_checkpoint(path, self.device)

    def count(self, default: int, available: int, least: int = 1) -> int:
        """How many to measure: `default`, or --n. Raises UserError where it is not in [least, available]."""
        if self.n is None:
            return min(default, available)
        if not least <= self.n <= available:
            raise UserError("bad_option", name="n", value=self.n, expected=f"{least} to {available:,} for this metric")
        return self.n

    # -- images ----------------------------------------------------------------------------------------------

    def images(self, split: str) -> Images:
        """The checkpoint's data set. Raises UserError where it has other images or classes than the model."""
        data = load_dataset(self.meta.dataset, split, self.root)
        must_fit(self.meta.family, self.model.config, data)
        return data

    @cached_property
    def test(self) -> Images:
        return self.images("test")

    @cached_property
    def binarised(self) -> Tensor:
        """The test images in black and white: float32 [N, C, H, W] of 0 and 1.

        A pixel of grey value g is 1 with probability g / 255, drawn once for all: each has a number, uniform
        in [0, 1), taken in order from PCG64(BINARISATION_SEED), and is 1 where that is below g / 255.
        """
        grey = self.test.images.numpy() / 255
        ones = sample_generator(BINARISATION_SEED).random(grey.shape) < grey
        return torch.from_numpy(ones).float()

    # -- the classifier ----------------------------------------------------------------------------------------

    @cached_property
    def classifier(self) -> nn.Module:
        """The frozen classifier: as named, else CLASSIFIER beside the checkpoint, else in checkpoints/."""
        path = self._classifier_path
        family = read_meta(path).family
        if family != "classifier":
            raise UserError(
                "bad_option", name="classifier", value=str(path), expected="a checkpoint of family classifier"
            )
        classifier, _ = load_checkpoint(path, self.device)
        must_fit(family, classifier.config, self.test)
        return classifier

    @cached_property
    def classifier_name(self) -> str:
        """Names the feature space in records: figures in two spaces do not compare."""
        return f"{self._classifier_path.stem} {weights_sha256(self._classifier_path)[:12]}"

    @cached_property
    def _classifier_path(self) -> Path:
        return self._found(CLASSIFIER)

    def _found(self, name: str) -> Path:
        """A model's file: as named by the caller, else `name` beside the checkpoint or in checkpoints/."""
        if self._classifier is not None:
            return Path(self._classifier)
        places = [self.path.parent / name, Path("checkpoints") / name]
        for place in places:
            if place.is_file():
                return place
        raise UserError("classifier_missing", places=[str(place) for place in places])

    def classified(self, images: Tensor, what: str) -> Classified:
        """Images uint8 [n, C, H, W] through the classifier, in chunks."""
        chunks = [self.classifier.classify(chunk) for chunk in progress(images.split(CHUNK), f"classifying {what}")]
        features, predicted = zip(*chunks)
        return Classified(torch.cat(features).float().cpu(), torch.cat(predicted).cpu())

    @cached_property
    def real(self) -> Classified:
        """The first n test images: what generated images are compared with."""
        return self.classified(self.test.images[: self.image_count], "test images")

    @cached_property
    def fake(self) -> Classified:
        """n samples of a GAN: sample i has seed i and test image i's class; the model's own truncation, 8 bits a pixel."""
        classifier, model, device = self.classifier, self.model, self.device  # no classifier, no work
        parts = []
        for start in progress(range(0, self.image_count, CHUNK), "sampling"):
            stop = min(start + CHUNK, self.image_count)
            z = latents(range(start, stop), model.config.z_dim) * model.config.truncation_psi
            pixels = to_uint8(model.sample(z.to(device), self.test.labels[start:stop].to(device)))
            features, predicted = classifier.classify(torch.from_numpy(pixels).permute(0, 3, 1, 2))
            parts.append((features.float().cpu(), predicted.cpu()))
        features, predicted = zip(*parts)
        return Classified(torch.cat(features), torch.cat(predicted))

    @property
    def image_count(self) -> int:
        """n of the metrics that share `real` and `fake`; one count for all, so that they share them."""
        return self.count(10_000, len(self.test), least=10)

    # -- scenes ----------------------------------------------------------------------------------------------

    @cached_property
    def scene_judge(self) -> nn.Module:
        """The judge of scenes: the checkpoint itself if it is one, else SCENE_JUDGE beside it or in checkpoints/."""
        if self.meta.family == "judge":
            return self.model
        judge, meta = load_checkpoint(self._scene_judge_path, self.device)
        if meta.family != "judge":
            raise UserError(
                "bad_option",
                name="classifier",
                value=str(self._scene_judge_path),
                expected="a checkpoint of family judge",
            )
        return judge

    @property
    def scene_judge_name(self) -> str:
        path = self.path if self.meta.family == "judge" else self._scene_judge_path
        return f"{path.stem} {weights_sha256(path)[:12]}"

    @cached_property
    def _scene_judge_path(self) -> Path:
        return self._found(SCENE_JUDGE)

    @cached_property
    def words(self) -> WordTokenizer:
        return WordTokenizer.from_state(self.meta.tokenizer)

    @cached_property
    def benchmark(self):
        """The pictures that the metrics of prompts share."""
        from genai.metrics.scenes import Benchmark

        return Benchmark(self)

    # -- text ------------------------------------------------------------------------------------------------

    @cached_property
    def validation(self) -> Tensor:
        """The val split as ids int64 [N], by the checkpoint's own tokenizer."""
        data = load_dataset(self.meta.dataset, "val", self.root)
        alphabet = (self.meta.tokenizer or {}).get("alphabet", "")
        if len(alphabet) != self.model.config.vocab_size:
            cause = f"{len(alphabet)} characters for a vocabulary of {self.model.config.vocab_size}"
            raise UserError("checkpoint_broken", name=self.path.name, cause=cause)
        if alphabet == data.tokenizer.alphabet:
            return data.ids.long()
        return CharTokenizer(alphabet).encode(data.tokenizer.decode(data.ids))


def must_fit(family: str, config, data: Images) -> None:
    """Raises UserError where a model of images and a data set disagree on what an image or a class is."""
    needs, got = (config.channels, config.image_size, config.image_size), data.shape
    classes = getattr(config, "classes", 0)  # 0: the model knows of no classes
    if needs != got or classes not in (0, len(data.classes)):
        needs, got = (
            f"images of {h} x {w} pixels, {c} channels" + (f", {k} classes" if classes else "")
            for (c, h, w), k in ((needs, classes), (got, len(data.classes)))
        )
        raise UserError("data_does_not_fit", family=family, needs=needs, got=got)


def progress(steps: Iterable, what: str) -> Iterable:
    """A progress bar on stderr, gone when done; none where stderr is not a terminal."""
    return tqdm(steps, desc=what, leave=False, disable=None)
