"""How the files of models/ and some of data/ are made. No service imports it, no wheel holds it.

The libraries it needs beside Newsflow's own are those of requirements-training.lock.
"""
