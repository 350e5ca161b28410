// libFuzzer: arbitrary bytes as a model. It must be refused or planned and run, never misbehave.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "shared/network/network.h"

namespace {
constexpr int64_t kMostWork = 1 << 24;  // multiply-adds worth fuzzing through
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto model = insitu::ReadOnnx({data, size});
  if (!model.ok()) return 0;
  auto network =
      insitu::Network::Create(std::move(model.value()), insitu::PlanOptions::ForImages());
  if (!network.ok() || network.value().inputs().size() != 1 ||
      network.value().outputs().size() != 1 || network.value().MultiplyAdds() > kMostWork ||
      network.value().ArenaBytes() > kMostWork) {
    return 0;
  }
  std::vector<float> input(
      static_cast<size_t>(insitu::ElementCount(network.value().inputs()[0].shape)));
  std::vector<float> output(
      static_cast<size_t>(insitu::ElementCount(network.value().outputs()[0].shape)));
  (void)network.value().Run(1, input, output).ok();
  return 0;
}
