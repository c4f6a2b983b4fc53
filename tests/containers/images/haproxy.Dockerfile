# Debian's HAProxy (2.6) in place of the official image's 3.2; never shipped.
ARG BASE
FROM ${BASE}
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends haproxy wget >/dev/null \
  && rm -rf /var/lib/apt/lists/*
USER 99:99
ENTRYPOINT ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
