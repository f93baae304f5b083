"""Known holes in what is locked: `make audit`, and once a day in `make check`."""
