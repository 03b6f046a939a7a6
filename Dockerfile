# syntax=docker/dockerfile:1
# The image of the service: app/ and its locked packages, run by nobody in particular, on a root
# that may be read-only. Whoever builds it pins the base by its digest (BASE) and says which build
# it is (BUILD); both are recorded in the image's provenance.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/eva UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-default-groups --no-install-project --extra telemetry
COPY README.md LICENSE ./
COPY app ./app
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-default-groups --no-editable --extra telemetry

FROM ${BASE}
# openai 3 trusts the system's certificates, which slim images may lack. Nothing is installed with
# pip here, now or later.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN python -m pip uninstall --yes --quiet pip setuptools wheel \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/eva /opt/eva
ARG BUILD
ENV PATH=/opt/eva/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    EVA_BUILD=${BUILD} \
    EVA_DATA_DIR=/data \
    EVA_HOST=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
# As the first process it passes signals on and waits for orphans itself: no init in front of it.
ENTRYPOINT ["eva"]
CMD ["serve"]
