"""A program: writes a real model, too small to say anything: llama, two layers, 64 wide, 276 tokens, random weights.

Called as `tiny_model.py FILE SEED` with the package gguf on its path; other seeds give other weights. Whoever takes the
likeliest token each time gets printable ones only and no end: as many pieces of a stream as tokens.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import gguf  # type: ignore[import-not-found, unused-ignore]
import numpy as np  # type: ignore[import-not-found, unused-ignore]

WIDTH, INNER, HEADS, LAYERS = 64, 128, 4, 2
WORDS = ("\u2581", "\u2581the", "\u2581a", "\u2581of", "\u2581and", "\u2581hello", "\u2581world", *"etaoinsrhl")
TOKENS = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(256)), *(word.encode() for word in WORDS)]
SILENT = [position for position in range(3 + 256) if not 3 + 0x20 <= position < 3 + 0x7F]
"""Tokens that end an answer or are no character of their own."""
KINDS = [2, 3, 3, *(6 for _ in range(256)), *(1 for _ in WORDS)]


def write(path: str, seed: int) -> None:
    """Write the file."""
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer)
    _fill(writer, np.random.default_rng(seed))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter) -> None:
    writer.add_name("tiny")
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(TOKENS))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([-float(position) for position in range(len(TOKENS))])
    writer.add_token_types(KINDS)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(value=True)


def _fill(writer: gguf.GGUFWriter, random: np.random.Generator) -> None:
    def weights(name: str, *shape: int, without: Sequence[int] = ()) -> None:
        values = (random.standard_normal(shape) * 0.1).astype(np.float32)
        values[list(without)] = 0
        writer.add_tensor(f"{name}.weight", values)

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))

    weights("token_embd", len(TOKENS), WIDTH)
    norm("output_norm")
    weights("output", len(TOKENS), WIDTH, without=SILENT)
    for block in (f"blk.{layer}" for layer in range(LAYERS)):
        norm(f"{block}.attn_norm")
        norm(f"{block}.ffn_norm")
        for part in ("q", "k", "v", "output"):
            weights(f"{block}.attn_{part}", WIDTH, WIDTH)
        weights(f"{block}.ffn_gate", INNER, WIDTH)
        weights(f"{block}.ffn_up", INNER, WIDTH)
        weights(f"{block}.ffn_down", WIDTH, INNER)


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
