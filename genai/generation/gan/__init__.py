"""What a GAN can be asked for, a file each. Their order is that of the page and of every list."""

from genai.generation.gan import samples, between, plane, steer, match, nearest  # noqa: I001 (the first action is the default)
from genai.generation.gan.base import ANY
from genai.generation.gan.between import slerp
from genai.generation.gan.steer import directions

__all__ = ["ANY", "between", "directions", "match", "nearest", "plane", "samples", "slerp", "steer"]
