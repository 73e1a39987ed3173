"""Model families. A family is one file: Config, modules, players, losses(), and what generation calls.

What a family says of itself is in family.py. To add one: write `models/<family>.py` and name its class here.
"""

from __future__ import annotations

import dataclasses

from genai.errors import UserError
from genai.models.classifier import Classifier
from genai.models.family import Config, Family
from genai.models.features import Features
from genai.models.fsq import ImageTokenizer
from genai.models.gan import GAN
from genai.models.gpt import GPT
from genai.models.judge import Judge
from genai.models.text2image import Text2Image
from genai.models.vae import VAE

FAMILIES: dict[str, type[Family]] = {
    "gan": GAN,
    "vae": VAE,
    "gpt": GPT,
    "tokenizer": ImageTokenizer,
    "text2image": Text2Image,
    "classifier": Classifier,
    "judge": Judge,
    "features": Features,
}


def configure(family: str, config: dict | None = None) -> Config:
    """The whole configuration of a `family`, in which `config` overrides the defaults.

    Raises UserError naming the choices for an unknown family or field.
    """
    if family not in FAMILIES:
        raise UserError("unknown_family", value=family, choices=sorted(FAMILIES))
    cls = FAMILIES[family]
    fields = [f.name for f in dataclasses.fields(cls.Config)]
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in (config or {}).items()}
    for name in values:
        if name not in fields:
            raise UserError("unknown_option", value=name, choices=fields)
    return cls.Config(**values)


def build_model(family: str, config: dict | None = None) -> Family:
    """A freshly initialised model of `family`; `config` and errors: see `configure`."""
    chosen = configure(family, config)
    return FAMILIES[family](chosen)
