from services.store.app import create
from services.store.settings import StoreSettings
from shared.service import run

run(create, StoreSettings)
