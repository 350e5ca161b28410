# XNNPACK for one thread, from the sources that cmake/setup.sh unpacks.
#
# Upstream builds some 700 to 1000 files and knows no WebAssembly. InSitu uses a few f32 operators,
# so the files that those reach are listed, one a line, in cmake/xnnpack-sources/<kind>.txt, and
# `make xnnpack-sources` writes these lists anew from the linker's map. Code that no caller of ours
# reaches still names functions of files left out; a linker that drops it (--gc-sections) never asks
# for them, and names what is missing if a list is too short.

if(NOT EXISTS ${INSITU_SOURCES}/xnnpack)
  message(FATAL_ERROR "No XNNPACK in ${INSITU_SOURCES}: run `make setup` first.")
endif()

set(x ${INSITU_SOURCES}/xnnpack)
if(EMSCRIPTEN AND INSITU_RELAXED_SIMD)
  set(kind wasm_relaxed)
  set(kernel_sets scalar wasm wasmsimd wasmrelaxedsimd)
elseif(EMSCRIPTEN)
  set(kind wasm)
  set(kernel_sets scalar wasm wasmsimd)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(kind x86_64)
  set(kernel_sets scalar sse sse2 ssse3 sse41 avx f16c fma3 avx2 avx512f)
  set(sse_options -msse -mno-sse2)
  set(sse2_options -msse2 -mno-sse3)
  set(ssse3_options -mssse3 -mno-sse4.1)
  set(sse41_options -msse4.1 -mno-sse4.2)
  set(avx_options -mavx -mno-avx2 -mno-fma -mno-f16c)
  set(f16c_options -mf16c -mno-avx2 -mno-fma)
  set(fma3_options -mf16c -mfma -mno-avx2)
  set(avx2_options -mf16c -mfma -mavx2)
  set(avx512f_options -mavx512f)
else()
  message(FATAL_ERROR "XNNPACK's sources are listed for x86-64 and WebAssembly, not for "
    "${CMAKE_SYSTEM_PROCESSOR}: cmake/xnnpack.cmake has to learn its sets of kernels.")
endif()

if(EMSCRIPTEN)
  set(kernel_optimisation -O2)
endif()

if(INSITU_XNNPACK_SEARCH)
  # Every file that could be used, by upstream's own lists, to find out which are.
  file(READ ${x}/CMakeLists.txt upstream)
  foreach(list OPERATOR_SRCS LOGGING_SRCS XNNPACK_SRCS TABLE_SRCS)
    string(REGEX MATCH "SET\\(${list}[ \n]([^)]*)\\)" _ "${upstream}")
    string(REGEX MATCHALL "src/[^ \n]*" found "${CMAKE_MATCH_1}")
    list(APPEND sources ${found})
  endforeach()
  list(APPEND sources src/allocator.c src/cache.c src/configs/hardware-config.c src/datatype.c
    src/indirection.c src/memory.c src/microkernel-utils.c src/microparams-init.c src/mutex.c
    src/normalization.c src/operator-run.c src/operator-utils.c src/reference/packing.cc)
  list(TRANSFORM sources PREPEND xnnpack/)
  list(APPEND sources pthreadpool/src/shim.c)
  if(kind STREQUAL "x86_64")
    file(GLOB cpu RELATIVE ${INSITU_SOURCES} ${INSITU_SOURCES}/cpuinfo/src/*.c
      ${INSITU_SOURCES}/cpuinfo/src/x86/*.c ${INSITU_SOURCES}/cpuinfo/src/x86/cache/*.c
      ${INSITU_SOURCES}/cpuinfo/src/x86/linux/*.c ${INSITU_SOURCES}/cpuinfo/src/linux/*.c)
    list(FILTER cpu EXCLUDE REGEX "mock|emscripten")
    list(APPEND sources ${cpu})
  endif()
else()
  file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/xnnpack-sources/${kind}.txt sources)
endif()

# Each kernel is compiled for the instructions that it is written in; XNNPACK chooses among them
# at run time.
foreach(set ${kernel_sets})
  include(${x}/cmake/gen/${set}_microkernels.cmake)
  string(TOUPPER ${set} upper)
  set(kernels ${PROD_${upper}_MICROKERNEL_SRCS})
  list(TRANSFORM kernels PREPEND xnnpack/)
  if(INSITU_XNNPACK_SEARCH)
    set(candidates ${kernels})
    list(FILTER candidates INCLUDE REGEX "src/(f32-(gemm|igemm|dwconv|vmulcaddc)|x32-packw)/")
    list(APPEND sources ${candidates})
  endif()
  list(TRANSFORM kernels PREPEND ${INSITU_SOURCES}/)
  set_source_files_properties(${kernels} PROPERTIES
    COMPILE_OPTIONS "${kernel_optimisation};-fno-math-errno;${${set}_options}")
endforeach()
list(REMOVE_DUPLICATES sources)
list(TRANSFORM sources PREPEND ${INSITU_SOURCES}/)
if(EMSCRIPTEN)
  foreach(operator gemm dwconv)
    list(TRANSFORM sources REPLACE "^.*/configs/${operator}-config[.]c$"
      ${CMAKE_CURRENT_LIST_DIR}/xnnpack-sources/wasm_${operator}_config.c)
  endforeach()
endif()

set(type STATIC)
if(INSITU_XNNPACK_SEARCH)
  set(type OBJECT)  # so that the linker's map has whole paths
endif()
add_library(xnnpack ${type} ${sources})
add_library(third_party::xnnpack ALIAS xnnpack)
set_target_properties(xnnpack PROPERTIES C_STANDARD 11 C_EXTENSIONS ON CXX_STANDARD 17)
target_include_directories(xnnpack SYSTEM
  PUBLIC ${x}/include ${INSITU_SOURCES}/pthreadpool/include
  PRIVATE ${x} ${x}/src ${INSITU_SOURCES}/pthreadpool/src ${INSITU_SOURCES}/fxdiv/include
    ${INSITU_SOURCES}/fp16/include ${INSITU_SOURCES}/cpuinfo/include ${INSITU_SOURCES}/cpuinfo/src)
# Always optimised: it is not what we debug. In WebAssembly what is no kernel is small instead.
if(EMSCRIPTEN)
  set(other_optimisation -Oz)
else()
  set(other_optimisation -O2)
endif()
target_compile_options(xnnpack PRIVATE ${other_optimisation} -w -ffunction-sections -fdata-sections ${INSITU_SIMD})
target_compile_definitions(xnnpack PRIVATE NDEBUG XNN_LOG_LEVEL=0 CPUINFO_LOG_LEVEL=0
  CPUINFO_LOG_TO_STDIO=0 _GNU_SOURCE=1 XNN_ENABLE_MEMOPT=1 XNN_ENABLE_GEMM_M_SPECIALIZATION=1
  XNN_ENABLE_AVX512F=1)
foreach(feature CPUINFO ASSEMBLY SPARSE DWCONV_MULTIPASS HVX KLEIDIAI VSX RISCV_VECTOR
    ARM_BF16 ARM_DOTPROD ARM_FP16_SCALAR ARM_FP16_VECTOR ARM_I8MM ARM_SME ARM_SME2
    AVXVNNI AVXVNNIINT8 AVX256SKX AVX256VNNI AVX256VNNIGFNI AVX512AMX AVX512FP16 AVX512SKX
    AVX512VBMI AVX512VNNI AVX512VNNIGFNI)
  set(on 0)
  if(feature STREQUAL "CPUINFO" AND NOT EMSCRIPTEN)
    set(on 1)
  endif()
  target_compile_definitions(xnnpack PRIVATE XNN_ENABLE_${feature}=${on})
endforeach()
if(EMSCRIPTEN)
  target_link_options(xnnpack INTERFACE -Wl,--gc-sections)
else()
  target_link_options(xnnpack INTERFACE -fuse-ld=lld -Wl,--gc-sections)
endif()
