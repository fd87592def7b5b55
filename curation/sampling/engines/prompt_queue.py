"""The requests that wait for a slot: drawn a little ahead, rendered, and their prompts computed in groups."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from curation.errors import ModelError
from curation.sampling.chat import ChatFormat, RenderedPrompt
from curation.sampling.engines.base import LENGTH, Completion, SamplingRequest
from curation.sampling.engines.loaded_model import LoadedModel
from curation.sampling.engines.slot_cache import PrefixCache

PREFILL_PROMPTS: Final = 16
"""Prompts computed together."""
PREFILL_TOKENS: Final = 16_384
"""… unless they are long: tokens computed together, padding counted."""
LOOKAHEAD_PROMPTS: Final = 64
"""Prompts drawn ahead and sorted by length, so that neighbours need little padding."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request whose prompt is rendered."""

    request: SamplingRequest
    prompt: RenderedPrompt
    limit: int
    """New tokens that it may have."""


@dataclass(frozen=True, slots=True)
class PrefilledGroup:
    """Requests whose prompts were computed together."""

    cache: PrefixCache
    requests: deque[tuple[int, Waiting]]
    """(row in the cache, request)."""

    def take(self, count: int) -> list[tuple[int, Waiting]]:
        """Remove up to `count` requests."""
        return [self.requests.popleft() for _ in range(min(count, len(self.requests)))]


class PromptQueue:
    """What `source` yields, ready to be decoded; the samples of one prompt share its prefill."""

    def __init__(
        self, model: LoadedModel, chat: ChatFormat, max_new_tokens: int, source: Iterator[SamplingRequest]
    ) -> None:
        self._model, self._chat, self._max_new_tokens, self._source = model, chat, max_new_tokens, source
        self._held: SamplingRequest | None = None  # drawn from the source, of a prompt beyond the lookahead
        self._rendered: deque[list[Waiting]] = deque()  # groups whose prompts will be computed together
        self._group: PrefilledGroup | None = None
        self._overlong: list[Completion] = []

    def ready_group(self) -> PrefilledGroup | None:
        """The group to take requests from, computed when its turn comes; None when the source is exhausted."""
        if self._group and self._group.requests:
            return self._group
        self._group = None
        while not self._rendered:
            drawn = self._draw()
            if not drawn:
                return None
            self._render(drawn)
        rows: dict[int, int] = {}
        prompts: list[list[int]] = []
        requests: deque[tuple[int, Waiting]] = deque()
        for waiting in self._rendered.popleft():
            row = rows.setdefault(id(waiting.prompt), len(prompts))
            if row == len(prompts):
                prompts.append(waiting.prompt.tokens[:-1])
            requests.append((row, waiting))
        self._group = PrefilledGroup(self._model.prefill(prompts), requests)
        return self._group

    def take_overlong(self) -> list[Completion]:
        """Responses of no tokens, for prompts that alone fill the model's context."""
        taken, self._overlong = self._overlong, []
        return taken

    def _draw(self) -> list[list[SamplingRequest]]:
        """The requests of the next prompts, a list a prompt."""
        drawn: list[list[SamplingRequest]] = []
        while True:
            request = self._held or next(self._source, None)
            self._held = None
            if request is None:
                return drawn
            if drawn and drawn[-1][-1].messages == request.messages:
                drawn[-1].append(request)
            elif len(drawn) < LOOKAHEAD_PROMPTS:
                drawn.append([request])
            else:
                self._held = request
                return drawn

    def _render(self, drawn: list[list[SamplingRequest]]) -> None:
        """Render prompts and sort them into groups of like length."""
        ready: list[list[Waiting]] = []
        rendered = self._chat.render([requests[0].messages for requests in drawn])
        for prompt, requests in zip(rendered, drawn, strict=True):
            length = len(prompt.tokens)
            if not length:
                raise ModelError("the chat template renders a prompt to nothing; check chat_template.jinja.")
            limit = min(self._max_new_tokens, self._model.context - length)
            if limit < 1:
                self._overlong += [Completion(r.key, prompt.opened, LENGTH, length, 0, 0, r.seed) for r in requests]
            else:
                ready.append([Waiting(request, prompt, limit) for request in requests])
        ready.sort(key=lambda requests: len(requests[0].prompt.tokens))
        group: list[Waiting] = []
        prompts = 0
        for requests_of_prompt in ready:
            width = len(requests_of_prompt[0].prompt.tokens)
            if group and (prompts == PREFILL_PROMPTS or (prompts + 1) * width > PREFILL_TOKENS):
                self._rendered.append(group)
                group, prompts = [], 0
            group = group + requests_of_prompt
            prompts += 1
        if group:
            self._rendered.append(group)
