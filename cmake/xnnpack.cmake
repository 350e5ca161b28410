# The kernels of XNNPACK that shared/network/matrix_kernel.cc calls, from the sources that
# cmake/setup.sh unpacks: single functions without state, so nothing else of it is compiled. Each is
# compiled for the instructions that it is written in.

set(x ${INSITU_SOURCES}/xnnpack)
if(NOT EXISTS ${x})
  message(FATAL_ERROR "No XNNPACK in ${INSITU_SOURCES}: run `make setup` first.")
endif()

add_library(xnnpack STATIC)
add_library(third_party::xnnpack ALIAS xnnpack)

# igemm_kernels(SIZES ENDING OPTION…)
function(igemm_kernels sizes ending)
  foreach(size ${sizes})
    set(kernel ${x}/src/f32-igemm/gen/f32-igemm-${size}-minmax-${ending}.c)
    target_sources(xnnpack PRIVATE ${kernel})
    set_source_files_properties(${kernel} PROPERTIES COMPILE_OPTIONS "${ARGN}")
  endforeach()
endfunction()

if(EMSCRIPTEN AND INSITU_RELAXED_SIMD)
  igemm_kernels("4x8" wasmrelaxedsimd-fma-loadsplat)
elseif(EMSCRIPTEN)
  igemm_kernels("4x8" wasmsimd-arm-loadsplat)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  igemm_kernels("4x8" sse-load1 -msse)
  igemm_kernels("1x16" fma3-broadcast -mavx -mfma)
  igemm_kernels("5x16" fma3-broadcast-prfm -mavx -mfma)
  igemm_kernels("1x32;7x32" avx512f-broadcast -mavx512f)
else()
  message(FATAL_ERROR "cmake/xnnpack.cmake and shared/network/matrix_kernel.cc name no kernels for "
    "${CMAKE_SYSTEM_PROCESSOR}.")
endif()

# Always optimised: it is not what we debug.
target_compile_options(xnnpack PRIVATE -O2 -w -ffunction-sections ${INSITU_SIMD})
target_compile_definitions(xnnpack PRIVATE NDEBUG)
set_target_properties(xnnpack PROPERTIES C_STANDARD 11 C_EXTENSIONS ON)
target_include_directories(xnnpack SYSTEM PUBLIC
  ${x}/src ${x}/include ${INSITU_SOURCES}/pthreadpool/include)
