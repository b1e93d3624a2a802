"""The documentation in `docs/`, served with the product: what "?" on a page leads to."""
