// Written by insitu-fit-gate; do not edit. make gate
#pragma once

#include <array>
#include <cstdint>

#include "shared/gate.h"
#include "shared/gate_model.h"

namespace insitu {

// clang-format off
inline constexpr std::array<float, 19> kTissueMean = {
    0x1.44p-4F, -0x1.16p+1F, -0x1.66p-4F, 0x1.aap-3F, 0x1.e6p-4F, 0x1.bap-3F, 0x1.24p-2F, 0x1.fp-3F,
    0x1.1ep-7F, 0x1.1cp-7F, 0x1.98p+2F, 0x1.f4p-2F, 0x1.04p-2F, 0x1.b2p-1F, -0x1.72p+0F, 0x1.ep-2F,
    0x1.e2p-6F, -0x1.9ep-1F, -0x1.cap-9F};
inline constexpr std::array<float, 19> kTissueScale = {
    0x1.02p+1F, 0x1.44p+0F, 0x1.ap+3F, 0x1.54p+4F, 0x1.06p+4F, 0x1.78p+4F, 0x1.c4p+3F, 0x1.e6p+1F,
    0x1.16p+4F, 0x1.0cp+4F, 0x1.c2p+0F, 0x1.88p+2F, 0x1.a4p+2F, 0x1.cap+2F, 0x1.3ep+0F, 0x1.7ep+2F,
    0x1p+4F, 0x1.9p+1F, 0x1.dcp+3F};
inline constexpr std::array<int8_t, 190> kTissueWhitening = {
    101, -51, -7, -14, 11, 2, 6, 72, -4, -4, 8, 8, 10, 6, -9, -4, 3, -4, 1, 79, -9, -4, -1, -1, 4,
    14, -8, -5, -60, -1, -25, 11, -7, -6, -10, 14, 0, 125, 19, 24, 20, 82, 2, 7, -10, -1, 3, 1, 4,
    -3, -5, -1, 0, 0, 127, -8, -101, 0, 19, 7, 17, 2, -1, -2, 2, 0, 2, 0, -5, 0, 92, -23, -58, 1, 6,
    -22, 3, -5, -1, 0, -15, -6, -1, -2, 0, 58, -15, 21, 21, 22, 2, -5, -4, -6, -14, -8, 1, 3, -1,
    54, -22, -10, 0, 8, -1, 2, -5, -27, -17, 10, 2, -1, 62, 1, -2, 1, -14, -7, -4, 8, 2, 2, 37, -1,
    61, -15, 4, 2, 1, 6, 11, 4, 4, 9, 0, 59, -5, 1, 5, 6, -4, -2, 0, 14, -1, 47, -14, 10, 0, 22, 5,
    5, -9, -2, 106, -24, 85, 3, -3, 6, 6, -1, 68, 51, -5, -3, 1, 15, -2, 60, -5, 15, -14, -37, 2,
    39, 0, 2, -5, 1, 40, 5, 13, 0, 65, 50, 0, 39, -4, 39};
inline constexpr std::array<float, 19> kTissueWeights = {
    0x1.04p-4F, -0x1.86p-4F, -0x1.56p-1F, 0x1.8p-2F, -0x1.12p-1F, 0x1.bp-2F, -0x1.e8p-2F,
    0x1.94p+0F, 0x1.eep-3F, 0x1.0ap-2F, 0x1.16p-2F, 0x1.14p-1F, -0x1.46p-2F, 0x1.84p-1F,
    -0x1.7ap-7F, 0x1.4p-1F, -0x1.c8p-2F, -0x1.6ep-2F, -0x1.a6p-3F};
inline constexpr GateModel kTissueGate = {
    kTissueMean, kTissueScale, kTissueWhitening, 0x1.9ep-6F,
    kTissueWeights, -0x1.64p+1F, 0x1.4c3a84p+3F, 0x1.26p+0F};

inline constexpr std::array<float, 8> kFilmMean = {
    0x1.0cp-1F, 0x1.4ap-5F, 0x1.92p-3F, 0x1.02p+1F, 0x1.d8p-1F, 0x1.32p-1F, 0x1.c6p-3F,
    -0x1.62p+1F};
inline constexpr std::array<float, 8> kFilmScale = {
    0x1.6p+2F, 0x1.8ap+3F, 0x1.f8p+1F, 0x1.24p+1F, 0x1.88p+1F, 0x1.e4p+3F, 0x1.02p+5F, 0x1.d2p+1F};
inline constexpr std::array<int8_t, 36> kFilmWhitening = {
    127, -16, -23, 14, -49, -11, -14, 65, 93, -78, -24, 11, 1, 14, -12, 80, 27, -21, 1, -4, 31, 67,
    -14, 15, 1, -17, 69, 8, 4, 23, 69, -37, 17, 86, -59, 63};
inline constexpr std::array<float, 8> kFilmWeights = {
    -0x1.68p-1F, -0x1.3ap-5F, 0x1.6cp-2F, 0x1.36p-1F, -0x1.56p-1F, 0x1.ap-2F, -0x1.4ap-2F,
    -0x1.42p-2F};
inline constexpr GateModel kFilmGate = {
    kFilmMean, kFilmScale, kFilmWhitening, 0x1.fep-7F,
    kFilmWeights, -0x1.0cp+2F, 0x1.d8c0cep+3F, 0x1.4cp+1F};

inline constexpr std::array<GateReason, 10> kGateReasons = {
    GateReason{1}, GateReason{2}, GateReason{3}, GateReason{4}, GateReason{5}, GateReason{6},
    GateReason{7}, GateReason{8}, GateReason{9}, GateReason{10}};
inline constexpr std::array<int8_t, 200> kReasonWeights = {
    -10, -26, 2, -4, -10, 4, 14, 59, 3, -21, -36, -7, 14, 34, 10, -21, -31, -30, 0, -51, 29, 30, -2,
    11, -27, -2, -21, 42, -21, -5, 32, 17, 68, 55, 25, 4, -40, -14, 2, -14, 22, -29, 18, 13, -21, 4,
    35, 14, -4, -9, -2, 89, 25, -29, 1, -5, 10, 13, -8, -95, -18, -14, -7, 5, 26, 15, -6, -4, -8,
    -12, 6, 18, 16, 22, -65, 32, 12, 19, 78, -67, -65, 6, 2, 7, -83, 18, 37, -56, 4, -11, 12, -35,
    -4, -21, 17, 34, -33, -31, -7, -2, -58, -28, -6, 46, -15, -98, 3, -34, -28, 13, 47, 23, 8, 21,
    2, 31, -16, 10, -4, -19, -3, 0, -40, -17, 13, -12, -41, -26, 1, 3, -6, 15, -10, -2, 4, -7, -10,
    -14, 4, -17, -22, 1, 20, 7, 7, 7, 23, -32, 12, 10, 15, -14, -1, -4, 5, -5, 22, -5, -3, -13, 60,
    19, 51, 82, 6, -127, -42, -7, 64, -22, -14, -12, 33, 16, 24, -16, -16, 28, -7, -96, -5, -18, 82,
    -66, -77, 18, 11, -7, 21, 6, 32, 72, 14, 94, 8, -6, -20, 4, -3, -64};
// clang-format on

}  // namespace insitu
