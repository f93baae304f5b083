import ctypes
import os

# One process a core: NumPy reads these when it is imported, and more threads only wait.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# glibc hands large arrays back to the system after every batch and asks for them again: keeping
# them makes tagging about a fifth faster. musl has no mallopt. See mallopt(3).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
libc = ctypes.CDLL(None)
if hasattr(libc, "mallopt"):
    libc.mallopt(_M_MMAP_THRESHOLD, 128 << 20)
    libc.mallopt(_M_TRIM_THRESHOLD, 256 << 20)

from services.enrich.app import create  # noqa: E402
from services.enrich.settings import EnrichSettings  # noqa: E402
from shared.service import run  # noqa: E402

run(create, EnrichSettings)
