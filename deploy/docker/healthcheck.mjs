// `node healthcheck.mjs URL`: the health check of our images, which have no curl. Exits 0 if the answer
// is a success. A file and not `node -e`: podman before 4.4 splits a check's arguments at their spaces.
const [url = ''] = process.argv.slice(2);
const answer = await fetch(url).catch(() => null);
process.exit(answer?.ok ? 0 : 1);
