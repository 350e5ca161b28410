export function brotli(bytes: Uint8Array, folder: string): Buffer;
