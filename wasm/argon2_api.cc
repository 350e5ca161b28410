#include "wasm/argon2_api.h"

#include <argon2.h>

#include <cstdlib>

void* insitu_alloc(uint32_t size) { return std::malloc(size); }

void insitu_free(void* memory) { std::free(memory); }

int32_t insitu_argon2id(uint8_t* hash, uint32_t hash_size, uint8_t* password,
                        uint32_t password_size, uint8_t* salt, uint32_t salt_size, uint8_t* secret,
                        uint32_t secret_size, uint8_t* associated_data,
                        uint32_t associated_data_size, uint32_t memory_kib, uint32_t passes,
                        uint32_t lanes) {
  argon2_context context = {.out = hash,
                            .outlen = hash_size,
                            .pwd = password,
                            .pwdlen = password_size,
                            .salt = salt,
                            .saltlen = salt_size,
                            .secret = secret,
                            .secretlen = secret_size,
                            .ad = associated_data,
                            .adlen = associated_data_size,
                            .t_cost = passes,
                            .m_cost = memory_kib,
                            .lanes = lanes,
                            .threads = 1,
                            .version = ARGON2_VERSION_13,
                            .allocate_cbk = nullptr,
                            .free_cbk = nullptr,
                            .flags = ARGON2_FLAG_CLEAR_PASSWORD | ARGON2_FLAG_CLEAR_SECRET};
  return argon2_ctx(&context, Argon2_id);
}
