"""How the files of models/ and data/places.tsv are made. No service imports it, no wheel holds it.

    ner.py      the tagger's weights, from texts in which people marked names
    graph.py    the same for onnxruntime, in floats and integers: after each training
    places.py   the table of places, from GeoNames

It needs what requirements-training.lock holds; docs/training.md says how to run it.
"""
