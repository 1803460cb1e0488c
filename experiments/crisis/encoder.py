"""Fine-tune the guard's encoder on the labelled lines, and write it as the guard reads it.

Run ``python -m experiments.crisis.encoder WEIGHTS TOKENIZER`` (``experiments.crisis.base`` tells which files), then
``python -m experiments.crisis --fit``. It needs torch, transformers, onnx and onnxruntime, is seeded, and takes some
eighty minutes of two cores. What is fitted with a fold left out says what the encoder makes of that fold's lines: the
ensemble is stacked by that. The one that ships is fitted to all lines.

With ``--new-lines`` it takes half of that: lines that are new are judged by the encoder that ships, which has not
learnt them, and only what ships is fitted anew, to all lines and from the start.
"""

import argparse
import gzip
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from experiments.crisis.ablation import all_lessons
from experiments.crisis.base import Weights, base_model, cut_tokenizer
from experiments.crisis.fit import SEED, lessons_of
from experiments.crisis.stack import FOLDED, WEIGHTS, Lesson, folds_of, keys_of, known_logits, letters, readable
from modules.crisis.encoder import FILE, PIECES, TOKENS, VECTORS, Encoder

EPOCHS, FOLD_EPOCHS, BATCH = 3, 1, 32
"""Over all lines, and over all but a fold: what is only asked about the lines left out may be cheaper."""
RATE, HEAD_RATE = 2e-4, 1e-3
"""Highest learning rates, of the layers and of the head."""
WARM_UP = 0.06
"""Share of the steps in which the rate rises; then it falls in a straight line."""
FACTS = 0.15
"""Share of the facts of profiles that are learnt from: they are many, and easy."""
WORRIED = 0.25
"""What lines of concern are taught as: nearer to harmless than to acute."""
UNACCENTED = 0.3
"""Share of lines in other languages that are learnt without accents, too, as many people type them."""
PADDING = 1


@dataclass(frozen=True)
class Example:
    """The pieces of a text, how acute it is (0 to 1), and how much that counts."""

    pieces: list[int]
    acute: float
    weight: float


class Classifier(nn.Module):
    """The layers of a base model, and a logit of the mean over the pieces."""

    def __init__(self, base: Any) -> None:
        super().__init__()
        self.base, self.head = base, nn.Linear(base.config.hidden_size, 1)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Of ids and mask (texts, pieces) the logits (texts)."""
        states = self.base(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[..., None].to(states.dtype)
        return self.head((states * weight).sum(1) / weight.sum(1)).squeeze(1)


class OneText(nn.Module):
    """How acute one text is, from the vectors of its pieces."""

    def __init__(self, tuned: Classifier) -> None:
        super().__init__()
        self.embeddings, self.layers, self.head = tuned.base.embeddings, tuned.base.encoder.layer, tuned.head

    def forward(self, vectors: Tensor) -> Tensor:
        """Of vectors (1, pieces, width) the logit (1)."""
        states: Any = self.embeddings(inputs_embeds=vectors)
        for layer in self.layers:
            found = layer(states)
            states = found[0] if isinstance(found, tuple) else found
        return self.head(states.mean(1)).squeeze(1)


def examples_of(lessons: Sequence[Lesson], tokenizer: Tokenizer, chance: np.random.Generator) -> list[Example]:
    """What is learnt from lessons, their shorter forms among them."""
    found = []
    for lesson in lessons:
        if lesson.line.kind == "authored fact" and chance.random() > FACTS:
            continue
        weight = {"authored": 1.0}.get(lesson.line.kind, lesson.weight)
        for line in lessons_of([lesson.line]):
            acute = WORRIED if lesson.weight == WEIGHTS["concern"] else float(line.acute)
            written, folded = readable(line.text), letters(line.text)
            again = folded != written.lower() and chance.random() < UNACCENTED
            for words in (written, folded) if again else (written,):
                found.append(Example(tokenizer.encode(words).ids, acute, weight))
    return found


def batches_of(sizes: Sequence[int], order: Sequence[int]) -> Iterator[Sequence[int]]:
    """``order`` in batches of texts that are about as long."""
    for start in range(0, len(order), BATCH * 16):
        part = sorted(order[start : start + BATCH * 16], key=lambda i: sizes[i])
        for first in range(0, len(part), BATCH):
            yield part[first : first + BATCH]


def padded(texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask (texts, longest)."""
    width = max(map(len, texts))
    ids = torch.tensor([[*text, *[PADDING] * (width - len(text))] for text in texts])
    return ids, torch.tensor([[1] * len(text) + [0] * (width - len(text)) for text in texts])


def tune(base: Any, examples: Sequence[Example], chance: np.random.Generator, epochs: int) -> Classifier:
    """Fit the layers and a head to ``examples``; the pieces' own vectors stay as they are."""
    torch.manual_seed(SEED)
    model = Classifier(base)
    model.train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # twice as fast, and three epochs hardly overfit
    base.config.attention_probs_dropout_prob = 0.0
    base.embeddings.word_embeddings.weight.requires_grad_(False)
    layers = [weights for weights in base.parameters() if weights.requires_grad]
    rates = [{"params": layers, "lr": RATE}, {"params": model.head.parameters(), "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(rates, weight_decay=0.01)
    steps = epochs * (len(examples) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / (WARM_UP * steps)) * max(0, 1 - step / steps)
    )
    sizes = [len(example.pieces) for example in examples]
    began = time.monotonic()
    for epoch in range(epochs):
        batches = list(batches_of(sizes, chance.permutation(len(examples)).tolist()))
        for number in chance.permutation(len(batches)):
            batch = [examples[i] for i in batches[number]]
            logits = model(*padded([example.pieces for example in batch]))
            acute, weight = (
                torch.tensor([getattr(example, name) for example in batch]) for name in ("acute", "weight")
            )
            loss = (binary_cross_entropy_with_logits(logits, acute, reduction="none") * weight).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(layers, 1.0)
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {epochs}: {time.monotonic() - began:.0f} s", flush=True)
    model.eval()
    return model


def logits_of(model: Classifier, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """The logit of each text."""
    found = np.zeros(len(texts), dtype=np.float32)
    with torch.no_grad():
        for batch in batches_of([len(text) for text in texts], range(len(texts))):
            found[list(batch)] = model(*padded([texts[i] for i in batch])).numpy()
    return found


def judged_before(lessons: Sequence[Lesson]) -> NDArray[np.float32]:
    """The logits that are known, and for lines that are new those of the encoder that ships."""
    known, reader = known_logits(), Encoder()
    return np.array(
        [
            known[key] if key in known else reader.logit(readable(lesson.line.text))
            for lesson, key in zip(lessons, keys_of(lessons).tolist(), strict=True)
        ],
        dtype=np.float32,
    )


def export(tuned: Classifier, file: Path) -> None:
    """Write it for onnxruntime, in integers of 7 bits: processors without instructions for eight overflow."""
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            OneText(tuned), (torch.zeros(1, 7, tuned.base.config.hidden_size),), whole,
            input_names=["vectors"], output_names=["logit"],
            dynamic_axes={"vectors": {1: "pieces"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(whole, file, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def main() -> None:
    """Cut, fine-tune fold by fold and to all lines, quantize and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--new-lines", action="store_true", help="keep what folds made of older lines")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    lessons = all_lessons()
    texts = [readable(lesson.line.text) for lesson in lessons]
    table, kept = cut_tokenizer(json.loads(given.tokenizer.read_text(encoding="utf-8")), texts)
    tokenizer = Tokenizer.from_str(json.dumps(table))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS)
    pieces = [tokenizer.encode(text).ids for text in texts]
    weights = Weights(given.weights.read_bytes())

    def fitted(members: Sequence[Lesson], epochs: int) -> Classifier:
        chance = np.random.default_rng(SEED)
        return tune(base_model(weights, kept), examples_of(members, tokenizer, chance), chance, epochs)

    judged = judged_before(lessons) if given.new_lines else np.zeros(len(lessons), dtype=np.float32)
    shipped = fitted(lessons, EPOCHS)
    for training, left_out in () if given.new_lines else folds_of(lessons):
        tuned = fitted([lessons[i] for i in training], FOLD_EPOCHS)
        judged[left_out] = logits_of(tuned, [pieces[i] for i in left_out])
    np.savez_compressed(FOLDED, allow_pickle=False, key=keys_of(lessons), logit=judged.astype(np.float16))
    PIECES.write_bytes(gzip.compress(json.dumps(table, ensure_ascii=False).encode(), mtime=0))
    bits, scales = weights.packed("emb.word", kept)
    np.savez(VECTORS, allow_pickle=False, bits=bits, scales=scales)
    export(shipped, FILE)
    print(", ".join(f"{file.name} {file.stat().st_size / 1e6:.1f} MB" for file in (FILE, VECTORS, PIECES)))


if __name__ == "__main__":
    main()
