/** A body in chunks of one size, as HTTP/1.1 has them (RFC 9112 §7.1). */
export function framed(bytes: Buffer, chunkBytes: number): Buffer {
  const head = Buffer.from(`${chunkBytes.toString(16)}\r\n`);
  const whole = head.length + chunkBytes + 2;
  const count = Math.floor(bytes.length / chunkBytes);
  const all = Buffer.alloc(count * whole, '\r\n');
  for (let n = 0; n < count; n++) {
    const at = n * whole;
    all.fill(head, at, at + head.length);
    bytes.copy(all, at + head.length, n * chunkBytes, (n + 1) * chunkBytes);
    all.write('\r\n', at + whole - 2);
  }
  const rest = bytes.subarray(count * chunkBytes);
  const last = rest.length === 0 ? [] : [`${rest.length.toString(16)}\r\n`, rest, '\r\n'];
  return Buffer.concat([all, ...[...last, '0\r\n\r\n'].map((part) => Buffer.from(part))]);
}
