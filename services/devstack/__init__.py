"""Newsflow on one machine with nothing installed: real servers, and the services beside them.

No service imports this: they know their servers by URL alone.
"""
