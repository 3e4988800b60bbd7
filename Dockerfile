# trendscout in a container: docs/container.md.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /app \
 && /app/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt -r requirements/build.txt
# What the extras need is in no list of hashes; the versions of that list hold for what it names.
RUN sed -n '/^[A-Za-z0-9]/s/ *\\$//p' requirements/run.txt > /tmp/pins.txt \
 && /app/bin/pip install --no-cache-dir --no-build-isolation --constraint /tmp/pins.txt '.[desk,mcp,push,team]'

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --home-dir /data trendscout
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TRENDSCOUT_HOME=/data TZ=UTC
# All that lasts lies here: configuration, jobs, store, archive, drops.
VOLUME ["/data"]
WORKDIR /data
USER 10001
# doctor's 3 says that something is missing, which the report tells; only other faults make a container unhealthy.
HEALTHCHECK --interval=10m --timeout=60s --start-period=1m \
    CMD ["/bin/sh", "-c", "trendscout doctor --json >/dev/null; code=$?; test $code -eq 0 || test $code -eq 3"]
ENTRYPOINT ["trendscout"]
CMD ["schedule", "jobs"]
