"""What the numbers of NVIDIA's Xid messages mean. Pure data.

From the vendor's "XID Errors" (docs.nvidia.com/deploy/xid-errors).
"""

from __future__ import annotations

XIDS: dict[str, str] = {
    "8": "GPU stopped processing",
    "13": "graphics engine exception",
    "31": "GPU memory page fault",
    "32": "invalid or corrupted push buffer",
    "38": "driver firmware error",
    "43": "GPU stopped processing",
    "45": "preemptive cleanup, due to previous errors",
    "48": "double bit ECC error",
    "56": "display engine error",
    "57": "error programming the video memory interface",
    "61": "internal micro-controller breakpoint",
    "62": "internal micro-controller halt",
    "63": "ECC page retirement or row remapping recorded",
    "64": "ECC page retirement or row remapping failed",
    "68": "video processor exception",
    "69": "graphics engine class error",
    "74": "NVLink error",
    "79": "GPU has fallen off the bus",
    "92": "high rate of single-bit ECC errors",
    "94": "contained ECC error",
    "95": "uncontained ECC error",
    "109": "context switch timeout",
    "119": "GSP RPC timeout",
    "120": "GSP error",
    "121": "corrected C2C link error",
    "140": "unrecovered ECC error",
    "143": "GPU initialisation error",
    "154": "GPU recovery action changed",
}
