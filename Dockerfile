# One image for all services: `python -m services.ingest`, `.enrich`, `.store` or `.console`.
# Exactly what requirements.lock holds, and the code; nothing of the local servers or of the tests.

FROM python:3.11-slim-bookworm AS dependencies
COPY requirements.lock .
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=dependencies /opt/venv /opt/venv
WORKDIR /app
COPY shared shared
COPY services services
RUN python -m compileall -q -o 1 shared services \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin newsflow
USER 10001
CMD ["python", "-m", "services.ingest"]
