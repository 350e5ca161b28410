# What InSitu takes from others, as targets third_party::NAME; cmake/setup.sh brings the sources.
# Headers are SYSTEM ones, so our warnings are about our own code only.

set(INSITU_SOURCES ${CMAKE_CURRENT_LIST_DIR}/../build/sources)
get_filename_component(INSITU_SOURCES ${INSITU_SOURCES} ABSOLUTE)
option(INSITU_RELAXED_SIMD "WebAssembly with relaxed SIMD" OFF)

include(${CMAKE_CURRENT_LIST_DIR}/flags.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/codecs.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/xnnpack.cmake)

# third_party_headers(NAME FOLDER): a library that is only headers
function(third_party_headers name folder)
  add_library(third_party_${name} INTERFACE)
  add_library(third_party::${name} ALIAS third_party_${name})
  target_include_directories(third_party_${name} SYSTEM INTERFACE ${INSITU_SOURCES}/${folder})
endfunction()

third_party_headers(stb libstb-dev/usr/include)              # <stb/stb_image.h>
third_party_headers(json nlohmann-json3-dev/usr/include)     # <nlohmann/json.hpp>
third_party_headers(protozero libprotozero-dev/usr/include)  # <protozero/pbf_writer.hpp>: models, tests
if(EMSCRIPTEN)
  # For the page. Its SSE2 code becomes WebAssembly SIMD, which Emscripten's headers translate.
  set(argon2 ${INSITU_SOURCES}/argon2)
  add_library(third_party_argon2 STATIC EXCLUDE_FROM_ALL
    ${argon2}/src/argon2.c
    ${argon2}/src/blake2/blake2b.c
    ${argon2}/src/core.c
    ${argon2}/src/encoding.c
    ${argon2}/src/opt.c)
  add_library(third_party::argon2 ALIAS third_party_argon2)  # <argon2.h>
  target_include_directories(third_party_argon2 SYSTEM PUBLIC ${argon2}/include)
  target_compile_definitions(third_party_argon2 PRIVATE ARGON2_NO_THREADS)
  target_compile_options(third_party_argon2 PRIVATE -w -O2 -flto -mssse3 -msimd128)
  return()
endif()

find_package(Threads REQUIRED)
third_party_headers(httplib cpp-httplib)                     # <httplib.h>
file(STRINGS ${INSITU_SOURCES}/cpp-httplib/httplib.h version REGEX "define CPPHTTPLIB_VERSION ")
if(NOT version MATCHES "\"([0-9.]+)" OR CMAKE_MATCH_1 VERSION_LESS 0.41)
  message(FATAL_ERROR "cpp-httplib before 0.41 can be made to smuggle requests: ${version}")
endif()
target_link_libraries(third_party_httplib INTERFACE Threads::Threads)

# Debian's own, built and kept safe there: security fixes come with the machine's updates.
# system_library(NAME LIBRARY…): third_party::NAME is these libraries of Debian
function(system_library name)
  add_library(third_party_${name} INTERFACE)
  add_library(third_party::${name} ALIAS third_party_${name})
  target_link_libraries(third_party_${name} INTERFACE ${ARGN})
endfunction()
system_library(argon2 argon2)                                # <argon2.h>
system_library(sqlite sqlite3)                               # <sqlite3.h>
system_library(tls ssl crypto)                               # <openssl/…>

add_library(third_party_catch2 STATIC ${INSITU_SOURCES}/catch2/extras/catch_amalgamated.cpp)
add_library(third_party::catch2 ALIAS third_party_catch2)    # <catch_amalgamated.hpp>, has main()
target_include_directories(third_party_catch2 SYSTEM PUBLIC ${INSITU_SOURCES}/catch2/extras)
target_compile_options(third_party_catch2 PRIVATE -w -O0)  # a third of the time to compile
target_compile_features(third_party_catch2 PUBLIC cxx_std_20)
