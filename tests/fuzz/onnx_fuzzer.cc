// libFuzzer: arbitrary bytes as a model. It must be refused or planned and run, never misbehave;
// and so must its fully convolutional form.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "shared/network/dense.h"
#include "shared/network/network.h"

namespace {

constexpr int64_t kMostWork = 1 << 24;  // multiply-adds worth fuzzing through
constexpr int kImageSide = 64;

void Run(insitu::OnnxModel model) {
  auto network = insitu::Network::Create(std::move(model), insitu::PlanOptions::ForImages());
  if (!network.ok() || network.value().inputs().size() != 1 ||
      network.value().outputs().size() != 1 || network.value().MultiplyAdds() > kMostWork ||
      network.value().ArenaBytes() > kMostWork) {
    return;
  }
  std::vector<float> input(
      static_cast<size_t>(insitu::ElementCount(network.value().inputs()[0].shape)));
  std::vector<float> output(
      static_cast<size_t>(insitu::ElementCount(network.value().outputs()[0].shape)));
  (void)network.value().Run(1, input, output).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto model = insitu::ReadOnnx({data, size}, insitu::Halves::kRefer);  // as a classifier's
  if (!model.ok()) return 0;
  Run(std::move(model.value()));
  for (const auto part :
       {insitu::DensePart::kWhole, insitu::DensePart::kShared, insitu::DensePart::kRest}) {
    auto again = insitu::ReadOnnx({data, size});
    const insitu::DenseRequest request{kImageSide, kImageSide, 2, 3, part};
    const auto form = insitu::MakeFullyConvolutional(&again.value(), request);
    if (form.ok()) Run(std::move(again.value()));
  }
  return 0;
}
