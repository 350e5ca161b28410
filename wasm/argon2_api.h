// The C ABI over libargon2 for the page: what turns a password into keys in the browser, in a
// WebAssembly file of its own that is fetched only when a person signs in.
// One file of the page calls it: public/src/account/argon2.ts.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Memory for the caller to fill; insitu_free takes it back. NULL when there is none left.
void* insitu_alloc(uint32_t size);
void insitu_free(void* memory);

// Argon2id version 0x13 (RFC 9106), on one thread whatever the number of lanes. secret and
// associated_data may be NULL with a size of 0. Writes hash_size bytes to hash and overwrites
// password and secret. Returns 0, or a code of libargon2's argon2_error_codes (for one,
// -22 ARGON2_MEMORY_ALLOCATION_ERROR).
int32_t insitu_argon2id(uint8_t* hash, uint32_t hash_size, uint8_t* password,
                        uint32_t password_size, uint8_t* salt, uint32_t salt_size, uint8_t* secret,
                        uint32_t secret_size, uint8_t* associated_data,
                        uint32_t associated_data_size, uint32_t memory_kib, uint32_t passes,
                        uint32_t lanes);

#ifdef __cplusplus
}
#endif
