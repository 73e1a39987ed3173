"""Model families. A family is one file: Config, modules, players, losses(), and what generation calls.

To add one: write `models/<family>.py` and name its class here.
"""

from __future__ import annotations

import dataclasses

from torch import nn

from genai.errors import UserError
from genai.models.classifier import Classifier
from genai.models.fsq import ImageTokenizer
from genai.models.gan import GAN
from genai.models.gpt import GPT
from genai.models.judge import Judge
from genai.models.text2image import Text2Image
from genai.models.vae import VAE

FAMILIES: dict[str, type[nn.Module]] = {
    "gan": GAN,
    "vae": VAE,
    "gpt": GPT,
    "tokenizer": ImageTokenizer,
    "text2image": Text2Image,
    "classifier": Classifier,
    "judge": Judge,
}


def build_model(family: str, config: dict | None = None) -> nn.Module:
    """A freshly initialised model of `family`; `config` overrides fields of its Config.

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
    return cls(cls.Config(**values))
