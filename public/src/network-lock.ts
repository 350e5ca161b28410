// Takes away from a worker everything but the language and what reading an image needs. The engine
// could not reach the network anyway (WebAssembly has only the imports of wasm-host.ts), and the
// frame the worker is started in forbids it (closed-worker.ts); this is the third lock, and the one
// that holds on any server and in any browser. A list of what stays, not of what goes: what
// browsers add tomorrow is gone too.

const LANGUAGE =
  "Object Function Array Number Boolean String Symbol BigInt Math Date RegExp JSON " +
  "Promise Proxy Reflect Map Set WeakMap WeakSet WeakRef Iterator Intl " +
  "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError " +
  "URIError ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray " +
  "Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array " +
  "BigInt64Array BigUint64Array globalThis undefined NaN Infinity isNaN isFinite " +
  "parseInt parseFloat";

const PLATFORM = [
  "AbortController",
  "WebAssembly",
  "TextDecoder",
  "TextEncoder",
  "addEventListener",
  "console",
  "crypto", // SHA-256 of a file
  "performance", // milliseconds; the worker's own list of requests
  "postMessage",
  "self",
];

export const KEPT: ReadonlySet<string> = new Set([...LANGUAGE.split(" "), ...PLATFORM]);

// Every object on the prototype chain of the scope, Object.prototype excepted.
function chainOf(scope: object): object[] {
  const chain: object[] = [];
  let link: object | null = scope;
  while (link !== null && Object.getPrototypeOf(link) !== null) {
    chain.push(link);
    link = Object.getPrototypeOf(link) as object | null;
  }
  return chain;
}

// Throws if anything with behaviour is still there afterwards: then the worker must not work.
export function lockNetwork(scope: object): void {
  for (const holder of chainOf(scope)) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (!KEPT.has(name) && name !== "constructor") Reflect.deleteProperty(holder, name);
    }
  }
  const left = chainOf(scope)
    .flatMap((holder) => Object.getOwnPropertyNames(holder))
    .filter((name) => !KEPT.has(name) && name !== "constructor")
    .filter((name) => {
      const value: unknown = Reflect.get(scope, name);
      return typeof value === "function" || (typeof value === "object" && value !== null);
    });
  if (left.length > 0) throw new Error(`this browser does not let go of ${left.join(", ")}`);
}
