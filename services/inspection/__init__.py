"""How a running Newsflow is, and what became of files, letters and articles: for all who show it.

In    Redis, MongoDB, the health of services, and the archive's receipts
Out   plain objects, for the command to print and for the console to draw; nothing is changed
"""
