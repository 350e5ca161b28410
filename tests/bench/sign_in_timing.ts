// Does the time of a refused sign-in tell whether the user exists? Interleaved sign-ins with a wrong
// key as users that exist and as users that do not, on the real server; prints Welch's t, which stays
// between -4.5 and 4.5 if the two cannot be told apart.
//   make bench-server, or node tests/bench/sign_in_timing.ts [SAMPLES]   (INSITU_SERVER: another build)
import { ApiClient, ApiServer, key, withRecovery } from "../api_server.ts";

const samples = Number(process.argv[2] ?? 400); // of each kind
const perUser = 5; // wrong keys before an account is slowed down

interface Moments {
  mean: number;
  variance: number; // of the mean
}

function moments(times: number[]): Moments {
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const squares = times.reduce((sum, time) => sum + (time - mean) ** 2, 0);
  return { mean, variance: squares / (times.length - 1) / times.length };
}

const server = new ApiServer();
try {
  await server.start();
  const client = new ApiClient(server, "10.0.0.1");
  const users = Math.ceil(samples / perUser);
  for (let i = 0; i < users; ++i) {
    const json = { username: `known ${i}`, ...withRecovery("right") };
    await client.expect(201, "POST", "/api/register", { json });
    client.cookies.clear();
  }
  const times: Record<"known" | "other", number[]> = { known: [], other: [] };
  for (let i = 0; i < samples; ++i) {
    const user = Math.floor(i / perUser);
    // Which comes first changes, so that neither kind profits from what was just done.
    const kinds = i % 2 === 0 ? (["known", "other"] as const) : (["other", "known"] as const);
    for (const kind of kinds) {
      const json = { username: `${kind} ${user}`, auth_key: key("wrong") };
      const started = process.hrtime.bigint();
      await client.expect(401, "POST", "/api/login", { json });
      times[kind].push(Number(process.hrtime.bigint() - started) / 1e6);
    }
  }
  const known = moments(times.known);
  const other = moments(times.other);
  const t = (known.mean - other.mean) / Math.sqrt(known.variance + other.variance);
  console.log(
    `${samples} refused sign-ins as users that exist: ${known.mean.toFixed(3)} ms on average`,
  );
  console.log(`${samples} as users that do not: ${other.mean.toFixed(3)} ms`);
  console.log(`Welch's t: ${t.toFixed(2)} (beyond 4.5 either way they could be told apart)`);
} finally {
  await server.close();
}
