"""`python -m bundle_runner` is the command `lakehouse`."""

from __future__ import annotations

from bundle_runner.cli.main import main

main()
