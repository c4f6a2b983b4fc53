# The projector: from the log into the warehouse. Any number of them share the partitions.
# Two stages: npm installs what production imports, and the image gets that and the sources. Node
# strips the types itself, so nothing is compiled. The @tollgate/* links of npm's workspaces are kept
# as links: Node refuses to strip types of files that really lie below node_modules.
# chDB is an optional dependency and left out: with a ClickHouse server, no image needs the engine.
ARG BASE=docker.io/library/node:26.10.0-bookworm-slim

FROM ${BASE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY adapters/package.json adapters/
COPY apps/audit/package.json apps/audit/
COPY apps/billing-api/package.json apps/billing-api/
COPY apps/cli/package.json apps/cli/
COPY apps/exporter/package.json apps/exporter/
COPY apps/projector/package.json apps/projector/
COPY apps/proxy/package.json apps/proxy/
COPY apps/standalone/package.json apps/standalone/
COPY bench/package.json bench/
COPY domain/package.json domain/
COPY schemas/package.json schemas/
COPY simulator/package.json simulator/
COPY tests/package.json tests/
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
    --workspace=adapters --workspace=domain --workspace=schemas --workspace=apps/projector \
  && test ! -e node_modules/chdb

FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /app
# A named volume takes over this folder's owner, so the process needs no further rights.
RUN install -d -o 10001 -g 10001 -m 0700 /data
COPY package.json deploy/docker/healthcheck.mjs ./
COPY --from=packages /app/node_modules node_modules
COPY adapters adapters
COPY domain domain
COPY schemas schemas
COPY apps/projector apps/projector
USER 10001:10001
VOLUME /data
EXPOSE 8789
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "healthcheck.mjs", "http://127.0.0.1:8789/healthz"]
ENTRYPOINT ["node", "apps/projector/main.ts"]
CMD ["--config", "/etc/tollgate/tollgate.yaml", "--data", "/data", "--host", "0.0.0.0", "--port", "8789"]
