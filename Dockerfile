# Offtake's service. Every step is a line of .ci/container, which tests/test_container.py runs.
FROM python:3.11-slim
COPY . /src
RUN /src/.ci/container install /opt/offtake && useradd --uid 10001 --create-home offtake && install -d -o offtake /runs
USER 10001
WORKDIR /home/offtake
# Nothing is written but runs and temporary files, so the rest may be read-only. Everybody needs a key; make the first one in the volume, then start
# (docs/security.md):
#   docker run --rm -v offtake:/runs offtake /opt/offtake/bin/offtake keys add operations --scope admin
#   docker run --read-only --tmpfs /tmp --cap-drop ALL -v offtake:/runs -p 127.0.0.1:8000:8000 offtake
ENV OFFTAKE_HOST=0.0.0.0 OFFTAKE_PORT=8000 OFFTAKE_STORE=/runs/runs.db OFFTAKE_LOG_FORMAT=json OFFTAKE_LOG_LEVEL=info PYTHONDONTWRITEBYTECODE=1
# Runs outlive the container in this volume.
VOLUME /runs
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/src/.ci/container", "health"]
CMD ["/src/.ci/container", "serve", "/opt/offtake"]
