"""The tokenizer for training other models, with the extra ``train``."""

from sottovoce.codec.torch_tokenizer import Tokenizer

__all__ = ["Tokenizer"]
