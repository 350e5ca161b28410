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
    50, -25, -3, -7, 5, 1, 3, 36, -2, -2, 4, 4, 5, 3, -4, -2, 2, -2, 0, 39, -5, -2, 0, 0, 2, 7, -4,
    -2, -30, -1, -13, 5, -4, -3, -5, 7, 0, 62, 9, 12, 10, 41, 1, 3, -5, -1, 1, 0, 2, -2, -2, 0, 0,
    0, 63, -4, -50, 0, 9, 3, 9, 1, 0, -1, 1, 0, 1, 0, -3, 0, 46, -12, -29, 1, 3, -11, 1, -2, -1, 0,
    -7, -3, 0, -1, 0, 29, -8, 10, 10, 11, 1, -2, -2, -3, -7, -4, 1, 2, 0, 27, -11, -5, 0, 4, -1, 1,
    -3, -13, -8, 5, 1, 0, 31, 0, -1, 1, -7, -3, -2, 4, 1, 1, 18, 0, 30, -8, 2, 1, 0, 3, 6, 2, 2, 5,
    0, 29, -2, 1, 2, 3, -2, -1, 0, 7, 0, 23, -7, 5, 0, 11, 2, 2, -4, -1, 52, -12, 42, 2, -1, 3, 3,
    0, 33, 25, -2, -1, 0, 7, -1, 29, -2, 8, -7, -18, 1, 19, 0, 1, -3, 0, 20, 2, 6, 0, 32, 25, 0, 19,
    -2, 19};
inline constexpr std::array<float, 19> kTissueWeights = {
    0x1.c6p-5F, -0x1.48p-4F, -0x1.46p-1F, 0x1.7ap-2F, -0x1.02p-1F, 0x1.aep-2F, -0x1.dap-2F,
    0x1.94p+0F, 0x1.d6p-3F, 0x1.0cp-2F, 0x1.04p-2F, 0x1.08p-1F, -0x1.4ap-2F, 0x1.8p-1F, -0x1.78p-6F,
    0x1.42p-1F, -0x1.d6p-2F, -0x1.78p-2F, -0x1.94p-3F};
inline constexpr GateModel kTissueGate = {
    kTissueMean, kTissueScale, kTissueWhitening, 0x1.a2p-5F,
    kTissueWeights, -0x1.68p+1F, 0x1.4e743ap+3F, 0x1.2ap+0F};

inline constexpr std::array<float, 8> kFilmMean = {
    0x1.0cp-1F, 0x1.4ap-5F, 0x1.92p-3F, 0x1.02p+1F, 0x1.d8p-1F, 0x1.32p-1F, 0x1.c6p-3F,
    -0x1.62p+1F};
inline constexpr std::array<float, 8> kFilmScale = {
    0x1.6p+2F, 0x1.8ap+3F, 0x1.f8p+1F, 0x1.24p+1F, 0x1.88p+1F, 0x1.e4p+3F, 0x1.02p+5F, 0x1.d2p+1F};
inline constexpr std::array<int8_t, 36> kFilmWhitening = {
    63, -8, -12, 7, -24, -5, -7, 32, 46, -39, -12, 5, 1, 7, -6, 40, 13, -10, 1, -2, 16, 33, -7, 8,
    0, -8, 34, 4, 2, 12, 34, -18, 8, 43, -29, 31};
inline constexpr std::array<float, 8> kFilmWeights = {
    -0x1.6ap-1F, -0x1.8ap-5F, 0x1.6cp-2F, 0x1.34p-1F, -0x1.56p-1F, 0x1.a4p-2F, -0x1.4ep-2F,
    -0x1.4p-2F};
inline constexpr GateModel kFilmGate = {
    kFilmMean, kFilmScale, kFilmWhitening, 0x1p-5F,
    kFilmWeights, -0x1.0cp+2F, 0x1.d83084p+3F, 0x1.5p+1F};

inline constexpr std::array<GateReason, 10> kGateReasons = {
    GateReason{1}, GateReason{2}, GateReason{3}, GateReason{4}, GateReason{5}, GateReason{6},
    GateReason{7}, GateReason{8}, GateReason{9}, GateReason{10}};
inline constexpr std::array<int8_t, 200> kReasonWeights = {
    -2, -6, 0, -1, -2, 1, 3, 14, 1, -5, -9, -2, 3, 8, 2, -5, -7, -7, 0, -12, 7, 7, -1, 3, -7, -1,
    -5, 10, -5, -1, 8, 4, 17, 13, 6, 1, -10, -3, 0, -3, 5, -7, 4, 3, -5, 1, 8, 3, -1, -2, -1, 22, 6,
    -7, 0, -1, 2, 3, -2, -23, -4, -4, -2, 2, 6, 4, -1, -1, -2, -3, 3, 6, 3, 5, -16, 8, 3, 4, 19,
    -17, -16, 1, 1, 2, -20, 4, 9, -14, 1, -3, 3, -9, -1, -5, 4, 8, -8, -8, -2, -1, -14, -7, -1, 11,
    -3, -24, 1, -8, -7, 3, 11, 6, 2, 5, 1, 8, -4, 2, -1, -5, -1, 0, -10, -4, 3, -3, -10, -6, 0, 1,
    -1, 4, -2, -1, 1, -2, -3, -3, 1, -4, -5, 0, 5, 2, 2, 2, 5, -8, 3, 2, 4, -3, 0, -1, 1, -1, 5, -1,
    -1, -3, 15, 5, 13, 20, 2, -31, -10, -2, 16, -5, -3, -3, 8, 4, 6, -4, -4, 7, -2, -24, -1, -4, 20,
    -16, -19, 4, 3, -2, 5, 1, 8, 18, 3, 23, 2, -1, -5, 1, -1, -16};
// clang-format on

}  // namespace insitu
