"""The console: what came in, what it is about, and how the pipeline is, in a browser."""
