"""The tabs, in their order: one file each."""

from genai.ui.section import Tab
from genai.ui.tabs import gan, prompt, vae

TABS: list[Tab] = [gan.TAB, vae.TAB, prompt.TAB]
