"""What models weigh: sizes of models of Ollama's library, and the memory that some are said to need.

Sizes are those of the default quantisation as Ollama states them (GB = 10^9 bytes): the model tables that its README
carried from 2023 to 2025, and for tags that these did not list, what `ollama list` prints for them. Where an operator
measured another size for a model of such a table (codellama:7b, llama2:7b, neural-chat), the measured one is kept.
A size is a guide for disk and memory, not a promise: a tag may move. A model that is not listed has no size here.
"""

from __future__ import annotations

from collections.abc import Mapping

from composegen.modelname import key, parse

_GIGABYTES: Mapping[str, float] = {
    "all-minilm": 0.045,
    "bge-m3": 1.2,
    "codegemma:7b": 5.0,
    "codellama:13b": 7.4,
    "codellama:34b": 19,
    "codellama:70b": 38,
    "codellama:7b": 3.7,
    "codestral:22b": 12,
    "command-r": 18,
    "deepseek-coder-v2:16b": 8.9,
    "deepseek-coder:1.3b": 0.776,
    "deepseek-coder:33b": 18,
    "deepseek-coder:6.7b": 3.8,
    "deepseek-r1:1.5b": 1.1,
    "deepseek-r1:14b": 9.0,
    "deepseek-r1:32b": 19,
    "deepseek-r1:671b": 404,
    "deepseek-r1:70b": 42,
    "deepseek-r1:7b": 4.7,
    "deepseek-r1:8b": 5.2,
    "dolphin-phi:2.7b": 1.6,
    "gemma2:27b": 16,
    "gemma2:2b": 1.6,
    "gemma2:9b": 5.5,
    "gemma3:12b": 8.1,
    "gemma3:1b": 0.815,
    "gemma3:270m": 0.291,
    "gemma3:27b": 17,
    "gemma3:4b": 3.3,
    "gemma4:12b": 7.6,
    "gemma4:26b": 18,
    "gemma4:e2b": 7.2,
    "gemma4:e4b": 9.6,
    "gemma:2b": 1.4,
    "gemma:7b": 4.8,
    "gpt-oss:20b": 13,
    "granite3.1-moe:1b": 1.4,
    "granite3.2:8b": 4.9,
    "granite3.3:8b": 4.9,
    "llama2-uncensored:7b": 3.8,
    "llama2:13b": 7.3,
    "llama2:70b": 39,
    "llama2:7b": 3.9,
    "llama3.1:405b": 231,
    "llama3.1:70b": 42,
    "llama3.1:8b": 4.9,
    "llama3.2-vision:11b": 7.9,
    "llama3.2-vision:90b": 55,
    "llama3.2:1b": 1.3,
    "llama3.2:3b": 2.0,
    "llama3.3:70b": 43,
    "llama3:70b": 40,
    "llama3:8b": 4.7,
    "llama4:maverick": 245,
    "llama4:scout": 67,
    "llava:34b": 20,
    "llava:7b": 4.7,
    "mistral:7b": 4.1,
    "mixtral:8x22b": 79,
    "mixtral:8x7b": 26,
    "moondream": 1.7,
    "mxbai-embed-large": 0.67,
    "neural-chat:7b": 4.0,
    "nomic-embed-text": 0.274,
    "orca-mini:3b": 1.9,
    "phi3.5": 2.2,
    "phi3:medium": 7.9,
    "phi3:mini": 2.3,
    "phi4-mini:3.8b": 2.5,
    "phi4:14b": 9.1,
    "phi:2.7b": 1.7,
    "qwen2.5-coder:0.5b": 0.397,
    "qwen2.5-coder:14b": 9.0,
    "qwen2.5-coder:32b": 19,
    "qwen2.5-coder:7b": 4.7,
    "qwen2.5:0.5b": 0.397,
    "qwen2.5:1.5b": 0.986,
    "qwen2.5:14b": 9.0,
    "qwen2.5:32b": 19,
    "qwen2.5:3b": 1.9,
    "qwen2.5:72b": 47,
    "qwen2.5:7b": 4.7,
    "qwen3-coder:30b": 18,
    "qwen3-vl:32b": 20,
    "qwen3-vl:8b": 6.1,
    "qwen3.5:9b": 6.6,
    "qwen3.6:27b": 17,
    "qwen3:0.6b": 0.522,
    "qwen3:1.7b": 1.4,
    "qwen3:14b": 9.3,
    "qwen3:30b": 18,
    "qwen3:32b": 20,
    "qwen3:4b": 2.5,
    "qwen3:8b": 5.2,
    "qwq:32b": 20,
    "smollm2:1.7b": 1.8,
    "smollm2:135m": 0.27,
    "smollm2:360m": 0.725,
    "solar:10.7b": 6.1,
    "starling-lm:7b": 4.1,
    "tinyllama:1.1b": 0.637,
    "vicuna:7b": 3.8,
}

_LATEST: Mapping[str, str] = {
    "codegemma": "7b",
    "codellama": "7b",
    "codestral": "22b",
    "deepseek-coder": "1.3b",
    "deepseek-coder-v2": "16b",
    "deepseek-r1": "8b",
    "dolphin-phi": "2.7b",
    "gemma2": "9b",
    "gemma3": "4b",
    "gemma4": "e4b",
    "gpt-oss": "20b",
    "granite3.2": "8b",
    "granite3.3": "8b",
    "llama2": "7b",
    "llama2-uncensored": "7b",
    "llama3": "8b",
    "llama3.1": "8b",
    "llama3.2": "3b",
    "llama3.2-vision": "11b",
    "llama3.3": "70b",
    "llava": "7b",
    "mistral": "7b",
    "mixtral": "8x7b",
    "neural-chat": "7b",
    "orca-mini": "3b",
    "phi": "2.7b",
    "phi3": "mini",
    "phi4": "14b",
    "phi4-mini": "3.8b",
    "qwen2.5": "7b",
    "qwen2.5-coder": "7b",
    "qwen3": "8b",
    "qwq": "32b",
    "smollm2": "1.7b",
    "solar": "10.7b",
    "starling-lm": "7b",
    "tinyllama": "1.1b",
    "vicuna": "7b",
}
"""The tag that `latest` stands for, where the sources say so."""

_RAM_GIBIBYTES: Mapping[str, int] = {"mistral:7b": 8, "llama2:7b": 8, "llama2:13b": 16, "codellama:34b": 32}
"""Memory that operators list as required for a model with its context; more than its weights."""

_SIZES = {key(name): round(size * 10**9) for name, size in _GIGABYTES.items()}
_RAM = {key(name): size * 2**30 for name, size in _RAM_GIBIBYTES.items()}


def size_of(name: str) -> int | None:
    """The bytes that a model takes on disk, and its weights in memory; None when the catalogue does not know it."""
    return _SIZES.get(_tagged(name))


def ram_of(name: str) -> int | None:
    """The bytes of memory that a model is said to need when it works; None when nobody has said."""
    return _RAM.get(_tagged(name))


def known() -> tuple[str, ...]:
    """The models of the catalogue, as one writes them, sorted."""
    return tuple(sorted(_GIGABYTES))


def _tagged(name: str) -> str:
    """The key of the model that a name means: `latest` is looked up by the tag that it stands for."""
    parsed = parse(name)
    tag = _LATEST.get(parsed.model.lower()) if parsed.in_library and parsed.tag.lower() == "latest" else None
    return key(f"{parsed.model}:{tag}") if tag else key(name)
