# Debian's Redis (7.0) in place of Valkey's official image, under its names; never shipped.
ARG BASE
FROM ${BASE}
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends redis-server >/dev/null \
  && rm -rf /var/lib/apt/lists/* \
  && ln -s /usr/bin/redis-server /usr/local/bin/valkey-server \
  && ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli
USER 1000:1000
