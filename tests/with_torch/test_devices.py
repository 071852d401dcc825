"""Questions about devices, answered as by a PyTorch without a GPU."""

from __future__ import annotations

import builtins
import warnings
from typing import Any

import pytest
import torch

import autograd
import nn  # noqa: F401 (autograd.nn)

CALLS = [
    "cuda.is_available()",
    "cuda.device_count()",
    "cuda.empty_cache()",
    "cuda.manual_seed(1)",
    "cuda.manual_seed_all(1)",
    "cuda.seed()",
    "cuda.is_initialized()",
    "cuda.synchronize()",
    "cuda.current_device()",
    "cuda.get_device_name(0)",
    "cuda.get_device_properties(0)",
    "cuda.memory_allocated()",
    "cuda.max_memory_allocated()",
    "cuda.memory_reserved()",
    "cuda.get_rng_state_all()",
    "cuda.get_arch_list()",
    "cuda.set_rng_state_all([])",
    "cuda.set_device(-1)",
    "cuda.mem_get_info()",
    "cuda.is_bf16_supported()",
    "cuda.Stream()",
    "accelerator.is_available()",
    "accelerator.device_count()",
    "accelerator.current_accelerator()",
    "accelerator.synchronize()",
    "backends.cudnn.is_available()",
    "backends.cudnn.enabled",
    "backends.cudnn.benchmark",
    "backends.cudnn.deterministic",
    "backends.cudnn.version()",
    "backends.cuda.is_built()",
    "backends.cuda.matmul.allow_tf32",
    "backends.cuda.flash_sdp_enabled()",
    "backends.mps.is_available()",
    "backends.mps.is_built()",
    "mps.is_available()",
    "mps.device_count()",
    "mps.empty_cache()",
    "xpu.is_available()",
    "xpu.device_count()",
    "xpu.empty_cache()",
    "xpu.synchronize()",
    "cpu.is_available()",
    "cpu.device_count()",
    "cpu.current_device()",
    "cpu.synchronize()",
    "use_deterministic_algorithms(False)",
    "are_deterministic_algorithms_enabled()",
    "get_deterministic_debug_mode()",
    "get_float32_matmul_precision()",
    "set_float32_matmul_precision('highest')",
    "set_num_interop_threads(0)",
    "get_default_device()",
    "ones(2).is_cuda",
    "ones(2).cuda()",
    "nn.Linear(1,1).cuda()",
    "cuda.amp.GradScaler().is_enabled()",
    "amp.GradScaler('cuda',enabled=False).get_scale()",
    "amp.GradScaler('cuda').state_dict()",
    "amp.GradScaler().scale(3)",
    "amp.autocast('cuda').__enter__().device",
    "distributed.is_initialized()",
    "list(nn.DataParallel(nn.Linear(1,1)).state_dict())",
    "nn.DataParallel(nn.Linear(1,1),[0]).device_ids",
    "version.cuda",
    "device('cpu:0')==device('cpu',0)",
    "hash(device('cpu:0'))==hash(device('cpu',0))",
    "str(device(type='cpu',index=1))",
    "jit.is_scripting()",
]


def answer(library: Any, call: str) -> Any:
    names = {name: getattr(library, name) for name in ("nn", "cuda", "ones", "device")}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            head = call.split(".")[0].split("(")[0]
            names[head] = getattr(builtins, head, None) or getattr(library, head)
            return repr(eval(call, names))
    except (AssertionError, RuntimeError):
        return "raises"


@pytest.mark.parametrize("call", CALLS)
def test_answers_are_those_of_pytorch(call: str) -> None:
    assert answer(autograd, call) == answer(torch, call)
