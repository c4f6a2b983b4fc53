# The stand-in for EventStoreDB and ClickHouse's engine (chDB) behind its HTTP front: for machines that
# cannot pull the servers' images. Built by `npm run test:containers` alone, and never shipped.
ARG BASE
FROM ${BASE}
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends wget >/dev/null \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY adapters/package.json adapters/
COPY apps/audit/package.json apps/audit/
COPY apps/billing-api/package.json apps/billing-api/
COPY apps/cli/package.json apps/cli/
COPY apps/projector/package.json apps/projector/
COPY apps/proxy/package.json apps/proxy/
COPY apps/standalone/package.json apps/standalone/
COPY bench/package.json bench/
COPY domain/package.json domain/
COPY schemas/package.json schemas/
COPY simulator/package.json simulator/
COPY tests/package.json tests/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace=tests
COPY tests/engines tests/engines
COPY tests/containers/images/clickhouse-start.sh tests/containers/images/
RUN install -d -o 101 -g 101 /var/lib/clickhouse && install -d -o 1000 -g 1000 /var/lib/kurrentdb
ENV UV_THREADPOOL_SIZE=16
