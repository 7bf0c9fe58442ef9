# The commands are those of the Makefile: pinned and hashed dependencies, then the program itself.
# BASE is the one place that names the base image; a release gives it with a digest (name:tag@sha256:…).
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# Dependencies change less often than the code, so they are a layer of their own. Of the Kubernetes client only the
# loader of a kubeconfig is used: its models and the calls made from them are 120 MB that nothing imports.
COPY requirements/ requirements/
RUN python -m venv --without-pip /opt/kube-endpoints-exporter \
 && python -m pip --python /opt/kube-endpoints-exporter/bin/python install --require-hashes -r requirements/runtime.txt --no-compile \
 && find /opt/kube-endpoints-exporter/lib/python3.*/site-packages/kubernetes -type f \
      \( -path '*/client/api/*' -o -path '*/client/models/*' -o -name '*_test.py' \) ! -name __init__.py -delete \
 && python -m pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter/ exporter/
# Bytecode that is never compared with its source stays good whatever a registry or an unpacker does to times of files.
RUN python -m pip wheel --no-build-isolation --no-deps --wheel-dir /dist . \
 && python -m pip --python /opt/kube-endpoints-exporter/bin/python install --no-compile --no-deps --no-index --find-links /dist kube-endpoints-exporter \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/kube-endpoints-exporter/lib \
 && /opt/kube-endpoints-exporter/bin/kube-endpoints-exporter --version

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="kube-endpoints-exporter" \
      org.opencontainers.image.description="Says for every Kubernetes Service whether it has endpoints that can take traffic" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# Nothing is ever written: all bytecode was compiled when the image was built.
ENV PATH="/opt/kube-endpoints-exporter/bin:${PATH}" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# The slim image comes without the bytecode of the standard library, and a read-only container would compile
# it again at every start.
RUN python -m pip uninstall --yes pip \
 && rm -rf /usr/local/lib/python3*/ensurepip \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /usr/local/lib/python3.*/ -x '/(test|idlelib|lib2to3|turtledemo|tkinter)/' \
 && rm -rf /usr/local/lib/python3.*/test /usr/local/lib/python3.*/idlelib /usr/local/lib/python3.*/turtledemo
COPY --from=build /opt/kube-endpoints-exporter /opt/kube-endpoints-exporter
USER 65532:65532
EXPOSE 9769
# Whether it lives and is ready is asked by the cluster's probes (/livez, /readyz).
ENTRYPOINT ["kube-endpoints-exporter"]
CMD ["run"]
