# Kafka's own jars, for a machine that cannot pull Kafka's image; built by `npm run test:containers`
# and never shipped. It takes the settings, paths and health check that docker-compose.yml has for the
# official image. The context is the folder of the jars (tests/engines/kafka-jars.ts).
ARG BASE
FROM ${BASE}
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null \
  && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --user-group kafka \
  && install -d -o 1000 -g 1000 /var/lib/kafka/data /opt/kafka/config /opt/kafka/bin
COPY libs /opt/kafka/libs
COPY --chmod=755 kafka-start.sh kafka-broker-api-versions.sh kafka-broker-api-versions.mjs /opt/kafka/bin/
COPY log4j2.properties /opt/kafka/config/
USER 1000:1000
ENTRYPOINT ["/opt/kafka/bin/kafka-start.sh"]
