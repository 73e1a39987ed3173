"""A generative-AI studio: GAN, VAE and GPT, defined, trained, measured and served by one small code base."""

from genai import threads as threads  # before torch is loaded

__version__ = "0.1.0"
