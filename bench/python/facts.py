"""Says why PyTorch cannot compute on a device here: the first that a bench asks the Python that it was given.

    python facts.py DEVICE

Answers one line on its input with {"result": reason or null}. Imports nothing that may be missing before it is asked.
"""

import json
import sys


def reason(device: str) -> str | None:
    try:
        import numpy  # noqa: F401
        import torch
    except ImportError as error:
        return f"{sys.executable} has no PyTorch ({error})"
    if device == "cpu":
        return None
    if torch.version.cuda is None:
        return f"PyTorch {torch.__version__} of {sys.executable} is built without CUDA"
    try:
        # More than asking: a card may be too old or too new for a build that finds it.
        torch.ones(1, device=device).add(1).item()
    except Exception as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        return f"PyTorch {torch.__version__}, built for CUDA {torch.version.cuda}, cannot use it ({first_line})"
    return None


def main() -> None:
    sys.stdin.readline()
    print(json.dumps({"result": reason(sys.argv[1])}), flush=True)


if __name__ == "__main__":
    main()
