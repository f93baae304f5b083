from services.ingest.app import create
from services.ingest.settings import IngestSettings
from shared.service import run

run(create, IngestSettings)
