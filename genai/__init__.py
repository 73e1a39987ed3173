"""A generative-AI studio: GAN, VAE and GPT, defined, trained, measured and served by one small code base."""

__version__ = "0.1.0"
