"""Makes the tagger's weights: models/ner-newswire. No service imports it, no wheel holds it.

In:      texts in which people marked names, one `*.jsonl` a source: text, spans, doc
Out:     a spaCy pipeline of one `ner`, without the words of the texts
Promise: the same folder, seed and libraries give the same weights on the same machine

It needs what requirements-training.lock holds; docs/training.md says how to run it.
"""
