# The libraries of codecs.wasm, from Debian's sources: libjpeg-turbo, libpng, zlib, OpenJPEG, CharLS.
# Natively they are what the tests and the fuzzers drive the same boundary with, so there they have
# AddressSanitizer and the fuzzer's marks too; not UBSan, which is for our own code.

set(codec_flags -w -ffunction-sections -fdata-sections)
if(EMSCRIPTEN)
  list(APPEND codec_flags -O3 -msimd128 -mbulk-memory)  # also in place of their assembly
else()
  list(APPEND codec_flags -O2)
  string(REGEX REPLACE ",?undefined" "" codec_sanitizers "${INSITU_SANITIZE}")
  if(codec_sanitizers)
    list(APPEND codec_flags -fsanitize=${codec_sanitizers} -fno-omit-frame-pointer)
  endif()
endif()

# codec_library(NAME FOLDER SOURCE…): third_party::NAME of the sources in the folder
function(codec_library name folder)
  list(TRANSFORM ARGN PREPEND ${INSITU_SOURCES}/${folder}/)
  add_library(third_party_${name} STATIC EXCLUDE_FROM_ALL ${ARGN})
  add_library(third_party::${name} ALIAS third_party_${name})
  target_compile_options(third_party_${name} PRIVATE ${codec_flags})
  target_include_directories(third_party_${name} SYSTEM PUBLIC
    ${PROJECT_BINARY_DIR}/codecs/${name} ${INSITU_SOURCES}/${folder})
endfunction()

# generated(NAME FILE TEXT): a header that the library's own build would write
function(generated name file text)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/codecs/${name}/${file} CONTENT "${text}" @ONLY)
endfunction()

# libjpeg-turbo: decoding, and for the tests encoding. Without its assembly, arithmetic coding and
# the old interface by files.
codec_library(jpeg libjpeg-turbo jaricom.c jcapimin.c jcapistd.c jccoefct.c jccolor.c jcdctmgr.c
  jchuff.c jcinit.c jcmainct.c jcmarker.c jcmaster.c jcomapi.c jcparam.c jcphuff.c jcprepct.c
  jcsample.c jdapimin.c jdapistd.c jdatadst.c jdatasrc.c jdcoefct.c jdcolor.c jddctmgr.c jdhuff.c
  jdinput.c jdmainct.c jdmarker.c jdmaster.c jdmerge.c jdphuff.c jdpostct.c jdsample.c jerror.c
  jfdctflt.c jfdctfst.c jfdctint.c jidctflt.c jidctfst.c jidctint.c jidctred.c jmemmgr.c jmemnobs.c
  jquant1.c jquant2.c jsimd_none.c jutils.c)
target_compile_definitions(third_party_jpeg PRIVATE NO_GETENV NO_PUTENV)
generated(jpeg jconfig.h "#define JPEG_LIB_VERSION 62
#define LIBJPEG_TURBO_VERSION 2.1.5
#define LIBJPEG_TURBO_VERSION_NUMBER 2001005
#define MEM_SRCDST_SUPPORTED 1
#define BITS_IN_JSAMPLE 8
")
generated(jpeg jconfigint.h "#define BUILD \"\"
#define INLINE inline
#define THREAD_LOCAL
#define PACKAGE_NAME \"libjpeg-turbo\"
#define VERSION \"2.1.5\"
#define SIZEOF_SIZE_T ${CMAKE_SIZEOF_VOID_P}
#define FALLTHROUGH __attribute__((fallthrough));
")
generated(jpeg jversion.h "#define JVERSION \"6b\"\n#define JCOPYRIGHT \"\"\n#define JCOPYRIGHT_SHORT \"\"\n")

# zlib: inflating.
codec_library(zlib zlib adler32.c crc32.c inffast.c inflate.c inftrees.c zutil.c)

# libpng: its reader that is fed bytes as they come. What it could do to pixels is left out, for
# shared/formats/png_samples.h does that.
codec_library(png libpng1.6 png.c pngerror.c pngget.c pngmem.c pngpread.c pngread.c pngrio.c
  pngrtran.c pngrutil.c pngset.c pngtrans.c)
target_link_libraries(third_party_png PUBLIC third_party_zlib)
if(EMSCRIPTEN)
  target_compile_options(third_party_png PRIVATE -sSUPPORT_LONGJMP=wasm)
endif()
target_compile_definitions(third_party_png PRIVATE PNG_ARM_NEON_OPT=0 PNG_INTEL_SSE_OPT=0)
file(READ ${INSITU_SOURCES}/libpng1.6/scripts/pnglibconf.h.prebuilt png_config)
string(REGEX REPLACE
  "#define PNG_((SIMPLIFIED|WRITE)[A-Z_0-9]*|READ_(QUANTIZE|BACKGROUND|RGB_TO_GRAY|GAMMA|ALPHA_MODE)|STDIO|CONSOLE_IO|TIME_RFC1123|CONVERT_tIME|SAVE_INT_32)_SUPPORTED\n"
  "" png_config "${png_config}")
string(REPLACE "@" "" png_config "${png_config}")
generated(png pnglibconf.h "${png_config}")

# OpenJPEG. Its SSE2 code becomes WebAssembly SIMD, which Emscripten's headers translate.
set(openjpeg bio cio dwt event function_list ht_dec image invert j2k jp2 mct mqc openjpeg opj_clock
  opj_malloc pi sparse_array t1 t2 tcd tgt thread)
list(TRANSFORM openjpeg APPEND .c)
codec_library(openjpeg openjpeg2/src/lib/openjp2 ${openjpeg})
target_compile_definitions(third_party_openjpeg PUBLIC OPJ_STATIC)
generated(openjpeg opj_config.h "#define OPJ_VERSION_MAJOR 2
#define OPJ_VERSION_MINOR 5
#define OPJ_VERSION_BUILD 3
")
generated(openjpeg opj_config_private.h "#define OPJ_PACKAGE_VERSION \"2.5.3\"
#define OPJ_HAVE_POSIX_MEMALIGN
#define _POSIX_C_SOURCE 200112L
#include <stdlib.h>
#define getenv(name) NULL /* a number of threads: there are none */
")
if(EMSCRIPTEN)
  target_compile_options(third_party_openjpeg PRIVATE -msse2)
endif()


# CharLS, which reports damage by exceptions.
codec_library(charls charls/src charls_jpegls_decoder.cpp charls_jpegls_encoder.cpp jpegls.cpp
  jpegls_error.cpp jpeg_stream_reader.cpp jpeg_stream_writer.cpp validate_spiff_header.cpp version.cpp)
target_include_directories(third_party_charls SYSTEM PUBLIC ${INSITU_SOURCES}/charls/include)
target_compile_definitions(third_party_charls PUBLIC CHARLS_STATIC PRIVATE CHARLS_LIBRARY_BUILD)
target_compile_features(third_party_charls PUBLIC cxx_std_17)
if(EMSCRIPTEN)
  target_compile_options(third_party_charls PRIVATE -fwasm-exceptions)
endif()
