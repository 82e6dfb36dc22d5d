"""What is known of a model before anything is built from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.model.proof import Proof

FLOAT16_LARGEST = 65504.0
"""The largest number of float16."""


class Task(StrEnum):
    """What the model computes. Only text generation is built in this version; the record holds all."""

    TEXT_GENERATION = "text-generation"
    TEXT_CLASSIFICATION = "text-classification"
    FEATURE_EXTRACTION = "feature-extraction"
    IMAGE_CLASSIFICATION = "image-classification"
    OTHER = "other"


class Modality(StrEnum):
    """What goes into the model."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    MULTIMODAL = "multimodal"


@dataclass(frozen=True, kw_only=True)
class TensorShape:
    """One weight: its name, its shape (outermost first, as PyTorch writes it) and its stored bytes."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    stored_bytes: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True, kw_only=True)
class GgufOrigin:
    """What a model that came as a GGUF file was there: llama.cpp's name of its architecture, how its weights are stored.

    ``type`` is the one that holds most weights. ``unmapped`` says why Transformers cannot be given this model, so that only
    a framework that runs the file itself takes part; empty where it can.
    """

    architecture: str
    type: str
    bits_per_weight: float
    unmapped: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """A model as its files describe it. Counts come from tensor shapes, never from a name.

    ``hidden_size``, ``vocabulary`` and the like are 0 where the architecture has no such thing.
    ``weight_bytes`` is what the original files store; ``row_sizes`` are the distinct lengths of the rows that
    weight quantization groups (the last dimension of each matrix), with how many parameters have each.
    ``largest_weight`` is the largest magnitude among the weights, 0 before they were read.
    """

    task: Task
    modality: Modality
    architecture: str
    model_type: str
    parameters: int
    embedding_parameters: int
    layers: int
    hidden_size: int
    intermediate_size: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int
    dtype: str
    weight_bytes: int
    tied_embeddings: bool
    experts: int = 0
    row_sizes: tuple[tuple[int, int], ...] = ()
    gguf: GgufOrigin | None = None
    turning_points: tuple[int, ...] = ()
    largest_weight: float = 0.0

    @property
    def float16_overflows(self) -> bool:
        """Whether float16 cannot hold the weights, so that a 16-bit form of them is bfloat16 or none."""
        return self.largest_weight > FLOAT16_LARGEST

    def kv_cache_bytes(self, context: int, bytes_per_value: float = 2.0) -> int:
        """Bytes of the KV cache of one sequence: 2 x layers x KV heads x head size x context x value size."""
        return int(2 * self.layers * self.kv_heads * self.head_size * context * bytes_per_value)


class SourceKind(StrEnum):
    """Where a source directory came from."""

    DIRECTORY = "directory"
    HUB = "hub"
    GGUF = "gguf"
    DERIVED = "derived"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A portable source directory that every framework reads the same way.

    Law: ``digest`` names the content of ``path`` (weights, configuration and tokenizer), so two sources with the
    same digest are the same model. ``notes`` are what a reader of the report has to know of the origin. ``original`` is the
    file that a framework runs as it is (of a split one the first part), empty where there is none; ``proof`` says that the
    source is that file's model.
    """

    path: str
    digest: str
    name: str
    kind: SourceKind
    origin: str
    facts: ModelFacts
    notes: tuple[str, ...] = ()
    original: str = ""
    proof: Proof | None = None
