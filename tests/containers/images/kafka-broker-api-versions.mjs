// The health check of the official image, whose tool is not among the broker's own jars: asks the broker
// which versions it speaks (ApiVersions, version 0) and exits 0 if it answers without an error.
// https://kafka.apache.org/protocol#The_Messages_ApiVersions
import { connect } from 'node:net';

const API_VERSIONS = 18;
const CORRELATION_ID = 1;
const [, , , address = '127.0.0.1:9092'] = process.argv;
const [host, port] = address.split(':');
const request = Buffer.alloc(14);
request.writeInt32BE(10, 0);
request.writeInt16BE(API_VERSIONS, 4);
request.writeInt16BE(0, 6);
request.writeInt32BE(CORRELATION_ID, 8);
request.writeInt16BE(-1, 12);

const socket = connect(Number(port), host, () => socket.write(request));
socket.setTimeout(5_000, () => process.exit(1));
socket.on('error', () => process.exit(1));
socket.on('close', () => process.exit(1));
let answer = Buffer.alloc(0);
socket.on('data', (chunk) => {
  answer = Buffer.concat([answer, chunk]);
  if (answer.length < 10) return;
  process.exit(answer.readInt32BE(4) === CORRELATION_ID && answer.readInt16BE(8) === 0 ? 0 : 1);
});
