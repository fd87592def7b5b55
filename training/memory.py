"""How much memory a fine-tuning needs, estimated from config.json alone, before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.errors import ModelError
from curation.sampling import queue_device
from curation.sampling.model_folder import read_json
from training.config import TrainingConfig

_OVERHEAD = 1.1  # fragmentation, and what the libraries hold themselves


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes of one process at the longest batch; `parameters` and `trained` count numbers, not bytes."""

    parameters: int
    trained: int
    weights: int
    adapter: int  # 32-bit adapter weights with their gradients
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All of it, with a tenth for what the libraries hold."""
        return round((self.weights + self.adapter + self.optimizer + self.activations) * _OVERHEAD)


def estimate_memory(config: TrainingConfig, longest: int | None = None) -> MemoryEstimate:
    """Estimate for batches of `longest` tokens a sample (max_length where None).

    Weights: parameters x 2 bytes (bfloat16) or 4. Adapter: r x (inputs + outputs) a projection, x 8 bytes (weight and
    gradient). Optimiser: two moments, x 8 bytes, or x 2 in 8 bits. Activations: a layer keeps about 16 x hidden + 6 x
    intermediate numbers a token (after Korthikanti et al., arXiv 2205.05198, with attention that keeps no scores);
    with checkpointing, one hidden state a layer and one layer in full. The loss works in chunks of the vocabulary's
    logits, counted as 1,024 tokens of 32-bit numbers. Raises ModelError for a config.json without the sizes.
    """
    sizes = _sizes(Path(config.base))
    width = 4 if _is_32_bit(config) else 2
    projections = sizes.projections()
    layer = sum(inputs * outputs for inputs, outputs in projections.values()) + 2 * sizes.hidden
    parameters = sizes.layers * layer + sizes.vocabulary * sizes.hidden * (1 if sizes.tied else 2) + sizes.hidden
    adapted = [shape for name, shape in projections.items() if name in config.target_modules]
    trained = sizes.layers * sum(config.lora_r * (inputs + outputs) for inputs, outputs in adapted)
    trained += len(config.added_tokens) * sizes.hidden * (1 if sizes.tied else 2)
    tokens = (longest or config.max_length) * config.per_device_batch_size
    in_layer = (16 * sizes.hidden + 6 * sizes.intermediate) * width
    kept = sizes.hidden * width * sizes.layers + in_layer if config.gradient_checkpointing else in_layer * sizes.layers
    logits = min(tokens, 1024) * sizes.vocabulary * 4
    return MemoryEstimate(
        parameters=parameters,
        trained=trained,
        weights=parameters * width,
        adapter=trained * 8,
        optimizer=trained * (2 if config.optimizer == "adamw_8bit" else 8),
        activations=tokens * kept + logits,
    )


@dataclass(frozen=True, slots=True)
class _Sizes:
    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    key_heads: int
    head: int
    tied: bool

    def projections(self) -> dict[str, tuple[int, int]]:
        query, key = self.heads * self.head, self.key_heads * self.head
        return {
            "q_proj": (self.hidden, query),
            "k_proj": (self.hidden, key),
            "v_proj": (self.hidden, key),
            "o_proj": (query, self.hidden),
            "gate_proj": (self.hidden, self.intermediate),
            "up_proj": (self.hidden, self.intermediate),
            "down_proj": (self.intermediate, self.hidden),
        }


def _sizes(base: Path) -> _Sizes:
    path = base / "config.json"
    try:
        content = read_json(path)
        content = content.get("text_config", content)
        heads = int(content["num_attention_heads"])
        return _Sizes(
            vocabulary=int(content["vocab_size"]),
            hidden=int(content["hidden_size"]),
            intermediate=int(content["intermediate_size"]),
            layers=int(content["num_hidden_layers"]),
            heads=heads,
            key_heads=int(content.get("num_key_value_heads") or heads),
            head=int(content.get("head_dim") or int(content["hidden_size"]) // heads),
            tied=bool(content.get("tie_word_embeddings", True)),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    except KeyError as error:
        raise ModelError(f"{path} does not give {error}, so the memory cannot be estimated.") from error


def _is_32_bit(config: TrainingConfig) -> bool:
    return config.dtype == "float32" or (config.dtype == "auto" and queue_device(config.device) == "cpu")
