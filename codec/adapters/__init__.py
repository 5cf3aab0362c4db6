"""The codec with the interfaces of other projects, so that their benchmarks and training scripts can run it."""
