"""A reference forward pass of one block with scenario and task tokens, after the MDL paper.

Small and in plain numpy, to hold a model to two invariants: features never hear from tokens, and
a scenario that is not active changes nothing. It is not trained and measures no model.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """Weights: per feature, scenario and task token a two-layer network; two attentions."""

    features: tuple[Array, Array]  # (tokens, width, hidden), (tokens, hidden, width)
    scenarios: tuple[Array, Array]
    tasks: tuple[Array, Array]
    scenario_attention: tuple[Array, Array, Array]  # query, key, value: (width, width)
    task_attention: tuple[Array, Array, Array]
    heads: Array  # (tasks, width)


def draw(features: int, scenarios: int, tasks: int, width: int, seed: int) -> Block:
    """Return a block with random weights; the last of `scenarios` + 1 tokens is the global one."""
    generator = np.random.default_rng(seed)

    def network(tokens: int) -> tuple[Array, Array]:
        first = generator.normal(0, width**-0.5, (tokens, width, 2 * width))
        return first, generator.normal(0, (2 * width) ** -0.5, (tokens, 2 * width, width))

    def attention() -> tuple[Array, Array, Array]:
        query, key, value = generator.normal(0, width**-0.5, (3, width, width))
        return query, key, value

    return Block(
        network(features),
        network(scenarios + 1),
        network(tasks),
        attention(),
        attention(),
        generator.normal(0, width**-0.5, (tasks, width)),
    )


def forward(
    block: Block, features: Array, scenarios: Array, tasks: Array, active: int
) -> tuple[Array, Array, Array, Array]:
    """Return features, scenario tokens and task tokens after the block, and a score per task.

    F' = FFN(LN(mix(F) + F)); S^ = Attn(S, F') + S, S' = FFN(S^) + S^; T^ = Attn(T, F') + T;
    T~ = T^ + mean(S^_active, S^_global); T' = FFN(T~) + T~; y_t = sigmoid(head_t . T'_t).
    """
    mixed = _network(block.features, _normalised(_mixed(features) + features))
    seen = _attended(block.scenario_attention, scenarios, mixed) + scenarios
    wanted = _attended(block.task_attention, tasks, mixed) + tasks
    wanted = wanted + (seen[active] + seen[-1]) / 2
    after = _network(block.tasks, wanted) + wanted
    scores = 1 / (1 + np.exp(-(block.heads * after).sum(axis=1)))
    return mixed, _network(block.scenarios, seen) + seen, after, scores


def _mixed(tokens: Array) -> Array:
    """Token mixing without weights: token h becomes the h-th parts of all tokens."""
    count, width = tokens.shape
    if width % count:
        raise ValueError("The width must be a multiple of the number of feature tokens.")
    parts = tokens.reshape(count, count, width // count)
    return np.asarray(parts.transpose(1, 0, 2).reshape(count, width))


def _normalised(tokens: Array) -> Array:
    centred = tokens - tokens.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-6))


def _network(weights: tuple[Array, Array], tokens: Array) -> Array:
    hidden = np.maximum(np.einsum("td,tdh->th", tokens, weights[0]), 0.0)
    return np.asarray(np.einsum("th,thd->td", hidden, weights[1]))


def _attended(weights: tuple[Array, Array, Array], queries: Array, tokens: Array) -> Array:
    query, key, value = weights
    logits = (queries @ query) @ (tokens @ key).T / np.sqrt(tokens.shape[1])
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True) @ (tokens @ value))
