#!/usr/bin/python3
"""Training steps of a Llama-style decoder in PyTorch on the CPU, as fast as plain PyTorch goes: the peer of `Hearth.Benchmarks training`.

Starts from the weights that Hearth wrote (safetensors), trains on the same tokens, prints one line of JSON.
"""
import argparse
import json
import math
import resource
import statistics
import struct
import time

import numpy
import torch
import torch.nn.functional as F

SHAPES = {"d256": (256, 6, 768, 4), "d512": (512, 8, 1536, 8), "tiny": (64, 2, 128, 2)}
VOCABULARY, SEQUENCES, LENGTH, EPSILON, THETA = 4096, 16, 256, 1e-5, 10000.0
HAS_ATTENTION = hasattr(F, "scaled_dot_product_attention")


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            array = numpy.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
            tensors[name] = torch.from_numpy(array.copy())
    return tensors


def tokens():
    """The tokens of Hearth's benchmark: a linear congruential generator's top twelve bits."""
    state, rows = 1, []
    for _ in range(SEQUENCES):
        row = []
        for _ in range(LENGTH + 1):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            row.append(state >> 20)
        rows.append(row)
    batch = torch.tensor(rows)
    return batch[:, :-1].contiguous(), batch[:, 1:].reshape(-1).contiguous()


class Decoder:
    def __init__(self, weights, heads, layers):
        self.p = {name: w.requires_grad_() for name, w in weights.items()}
        self.heads, self.layers = heads, layers
        self.size = self.p["model.norm.weight"].numel() // heads
        frequency = THETA ** (-torch.arange(0, self.size, 2, dtype=torch.float64) / self.size)
        angle = torch.arange(LENGTH, dtype=torch.float64)[:, None] * frequency
        self.cos, self.sin = angle.cos().float(), angle.sin().float()
        self.mask = torch.full((LENGTH, LENGTH), -math.inf).triu(1)

    def norm(self, x, name):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPSILON) * self.p[name]

    def split(self, x):
        return x.view(SEQUENCES, LENGTH, self.heads, self.size).transpose(1, 2)

    def turn(self, x):
        a, b = x.chunk(2, -1)
        return torch.cat((a * self.cos - b * self.sin, a * self.sin + b * self.cos), -1)

    def attend(self, q, k, v):
        if HAS_ATTENTION:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        q, k, v = (x.reshape(-1, LENGTH, self.size) for x in (q, k, v))
        scores = torch.baddbmm(self.mask, q, k.transpose(1, 2), alpha=1 / math.sqrt(self.size))
        return torch.bmm(scores.softmax(-1), v).view(SEQUENCES, self.heads, LENGTH, self.size)

    def loss(self, ids, targets):
        p = self.p
        x = F.embedding(ids, p["model.embed_tokens.weight"])
        for i in range(self.layers):
            at = f"model.layers.{i}."
            h = self.norm(x, at + "input_layernorm.weight")
            q = self.turn(self.split(F.linear(h, p[at + "self_attn.q_proj.weight"])))
            k = self.turn(self.split(F.linear(h, p[at + "self_attn.k_proj.weight"])))
            v = self.split(F.linear(h, p[at + "self_attn.v_proj.weight"]))
            o = self.attend(q, k, v).transpose(1, 2).reshape(x.shape)
            x = x + F.linear(o, p[at + "self_attn.o_proj.weight"])
            h = self.norm(x, at + "post_attention_layernorm.weight")
            h = F.silu(F.linear(h, p[at + "mlp.gate_proj.weight"])) * F.linear(h, p[at + "mlp.up_proj.weight"])
            x = x + F.linear(h, p[at + "mlp.down_proj.weight"])
        logits = F.linear(self.norm(x, "model.norm.weight"), p["lm_head.weight"])
        return F.cross_entropy(logits.view(-1, VOCABULARY), targets)


def adamw(model):
    matrices = [w for name, w in model.p.items() if "_proj" in name]
    others = [w for name, w in model.p.items() if "_proj" not in name]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), eps=1e-8, foreach=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=SHAPES, default="d256")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--start", required=True, help="the weights that Hearth starts from")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    options = parser.parse_args()
    now = time.process_time if options.clock == "processor" else time.perf_counter
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    _, layers, _, heads = SHAPES[options.model]
    weights = read_safetensors(options.start)
    count = sum(w.numel() for w in weights.values())
    model = Decoder(weights, heads, layers)
    optimizer = adamw(model)
    ids, targets = tokens()
    seconds, losses = [], []
    for _ in range(options.warm_up + options.steps):
        begin = now()
        loss = model.loss(ids, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        seconds.append(now() - begin)
    step = statistics.median(seconds[options.warm_up:])
    print(json.dumps({
        "version": torch.__version__, "weights": count, "tokensPerSecond": SEQUENCES * LENGTH / step, "stepMs": step * 1e3,
        "firstLoss": losses[0], "lastLoss": losses[-1],
        "peakMemoryMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, "importedMB": imported / 1e6,
        "attention": "scaled_dot_product_attention" if HAS_ATTENTION else "baddbmm, softmax, bmm",
    }))


if __name__ == "__main__":
    main()
