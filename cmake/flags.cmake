# How our own code is compiled. Never with -ffast-math: the same image has to give the same numbers
# everywhere.
#
#   insitu_flags         backend/, model/ and tests/
#   insitu_engine_flags  shared/ and wasm/: also without exceptions and RTTI

set(INSITU_SANITIZE "" CACHE STRING "Sanitizers of our own code, as for -fsanitize=")

set(INSITU_SIMD "")
if(EMSCRIPTEN)
  set(INSITU_SIMD -msimd128 -mbulk-memory -mnontrapping-fptoint)  # every browser with SIMD has them
  if(INSITU_RELAXED_SIMD)
    list(APPEND INSITU_SIMD -mrelaxed-simd)
  endif()
endif()

add_library(insitu_flags INTERFACE)
target_compile_features(insitu_flags INTERFACE cxx_std_20)
target_compile_options(insitu_flags INTERFACE -Wall -Wextra -Wconversion -Werror
  -ffp-contract=off -ffunction-sections -fdata-sections ${INSITU_SIMD})
if(INSITU_SANITIZE)
  target_compile_options(insitu_flags INTERFACE
    -fsanitize=${INSITU_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # The engine is compiled without RTTI, so an object made there has no type to check elsewhere.
  target_compile_options(insitu_flags INTERFACE -fno-sanitize=vptr)
  target_link_options(insitu_flags INTERFACE -fsanitize=${INSITU_SANITIZE})
endif()

add_library(insitu_engine_flags INTERFACE)
target_link_libraries(insitu_engine_flags INTERFACE insitu_flags)
target_compile_options(insitu_engine_flags INTERFACE -fno-exceptions -fno-rtti)
