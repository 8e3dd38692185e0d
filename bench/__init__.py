"""Benchmarks of the site: ``python -m bench --help``; docs/bench.md explains them."""
