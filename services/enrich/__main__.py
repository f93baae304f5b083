import os

# One process a core: NumPy reads these when it is imported, and more threads only wait.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from services.enrich.app import create  # noqa: E402
from services.enrich.settings import EnrichSettings  # noqa: E402
from shared.service import run  # noqa: E402

run(create, EnrichSettings)
