// XNNPACK's choice of depthwise kernels, for WebAssembly, without those that have no clamp: see
// wasm_gemm_config.c.
#include "xnnpack/dwconv.h"

#define xnn_f32_dwconv_ukernel_25p4c__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_25p8c__wasmrelaxedsimd_fma NULL
#define xnn_f32_dwconv_ukernel_3f3m3l4c4s4r__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_3f3m3l8c4s4r__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_3p4c__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_3p8c__wasmrelaxedsimd_fma NULL
#define xnn_f32_dwconv_ukernel_3p8c__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_4p4c__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_4p8c__wasmrelaxedsimd_fma NULL
#define xnn_f32_dwconv_ukernel_4p8c__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_5f5m5l4c4s4r__wasmrelaxedsimd_fma NULL
#define xnn_f32_dwconv_ukernel_5f5m5l4c4s4r__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_9p4c__wasmsimd NULL
#define xnn_f32_dwconv_ukernel_9p8c__wasmrelaxedsimd_fma NULL
#define xnn_f32_dwconv_ukernel_9p8c__wasmsimd NULL

#include "src/configs/dwconv-config.c"
