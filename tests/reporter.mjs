// What `make test` prints of node's runner: each failure whole, each skipped test with its reason,
// and the counts. A test may be skipped because real images, the trainer's libtorch or the engines
// that ours is compared with are absent; any other skip is a failure, for make test builds all that
// tests need.
import { relative } from "node:path";

const MAY_BE_ABSENT = /^SKIPPED: .*(set INSITU_DATA|run make bench)$/;

function explain({ name, file, details }) {
  const error = details.error?.cause ?? details.error;
  const text = error?.stack ?? String(error);
  return `FAILED  ${relative(process.cwd(), file ?? "")}: ${name}\n${text.replace(/^/gm, "    ")}\n`;
}

// A suite fails when one of its tests does, which is told already.
const isEcho = ({ details }) => details.error?.failureType === "subtestsFailed";

export default async function* report(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of source) {
    if (type === "test:fail" && !isEcho(data)) {
      counts.failed += 1;
      yield explain(data);
    } else if (type === "test:pass" && data.skip !== undefined) {
      const allowed = MAY_BE_ABSENT.test(data.skip);
      counts[allowed ? "skipped" : "failed"] += 1;
      if (!allowed) process.exitCode = 1;
      yield `${allowed ? "skipped" : "FAILED "} ${data.name}\n    ${data.skip}\n`;
    } else if (type === "test:pass" && data.details.type !== "suite") {
      counts.passed += 1;
    } else if (type === "test:stdout" || type === "test:stderr") {
      yield data.message;
    }
  }
  if (counts.passed === 0) process.exitCode = 1;
  yield `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`;
}
