/**
 * `node tests/engines/kafka-main.ts [1|3]`: a real Kafka on loopback until SIGTERM or SIGINT.
 * Prints one line, `{"bootstrap": ["127.0.0.1:…"]}`, when it is ready.
 */
import { startKafka } from './kafka.ts';
import { kafkaUnavailable } from './kafka-jars.ts';
import { serveUntilSignal } from './serve-until-signal.ts';

const unavailable = kafkaUnavailable();
if (unavailable !== null) {
  console.error(unavailable);
  process.exit(1);
}
const engine = await startKafka({ nodes: process.argv[2] === '3' ? 3 : 1 });
serveUntilSignal({ bootstrap: engine.bootstrap }, () => engine.stop());
