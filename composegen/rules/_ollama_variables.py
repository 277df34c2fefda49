"""The variables that Ollama reads, and those that it has stopped reading. Not a rule.

From `envconfig/config.go` of Ollama and its history; `OLLAMA_LIBRARY_PATH` from its discovery code.
"""

from __future__ import annotations

from collections.abc import Mapping

KNOWN = frozenset(
    {
        "OLLAMA_API_KEY",
        "OLLAMA_AUTH",
        "OLLAMA_CONTEXT_LENGTH",
        "OLLAMA_DEBUG",
        "OLLAMA_DEBUG_LOG_REQUESTS",
        "OLLAMA_EDITOR",
        "OLLAMA_FLASH_ATTENTION",
        "OLLAMA_GO_TEMPLATE",
        "OLLAMA_GPU_OVERHEAD",
        "OLLAMA_HOST",
        "OLLAMA_IGPU_ENABLE",
        "OLLAMA_KEEP_ALIVE",
        "OLLAMA_KV_CACHE_TYPE",
        "OLLAMA_LIBRARY_PATH",
        "OLLAMA_LLM_LIBRARY",
        "OLLAMA_LOAD_TIMEOUT",
        "OLLAMA_MAX_LOADED_MODELS",
        "OLLAMA_MAX_QUEUE",
        "OLLAMA_MAX_TRANSFER_STREAMS",
        "OLLAMA_MODELS",
        "OLLAMA_NOHISTORY",
        "OLLAMA_NOPRUNE",
        "OLLAMA_NO_CLOUD",
        "OLLAMA_NUM_PARALLEL",
        "OLLAMA_ORIGINS",
        "OLLAMA_REMOTES",
        "OLLAMA_SCHED_SPREAD",
        "OLLAMA_VULKAN",
    }
)

REMOVED: Mapping[str, tuple[str, str]] = {
    "OLLAMA_INTEL_GPU": ("0.12.11", "Intel GPUs work through Vulkan, which OLLAMA_VULKAN=0 switches off"),
    "OLLAMA_MAX_VRAM": ("0.7.0", "OLLAMA_GPU_OVERHEAD keeps some memory of each GPU free"),
    "OLLAMA_MULTIUSER_CACHE": ("0.30.0", ""),
    "OLLAMA_NEW_ENGINE": ("0.30.0", ""),
    "OLLAMA_NEW_ESTIMATES": ("0.11.11", "what it switched on is the rule now"),
    "OLLAMA_RUNNERS_DIR": ("0.3.11", ""),
    "OLLAMA_TMPDIR": ("0.5.2", ""),
}
"""Per variable the release that no longer reads it, and what takes its place, if anything does."""
