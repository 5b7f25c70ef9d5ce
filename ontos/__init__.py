"""Turn governed data into models, and keep improving them."""

__version__ = "0.1.0"
